#pragma once

namespace certspan {

class Notifier {
 public:
  void ready() {}
  void stopping() {}
  void reloading() {}
};

}  // namespace certspan
