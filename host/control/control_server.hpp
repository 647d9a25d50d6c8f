#pragma once

#include "host/base/result.hpp"

namespace certspan {

/// Interface only: the socket follows in this room's next commit.
class ControlServer {
 public:
  Result<void> start() { return {}; }
  void stop() {}
};

}  // namespace certspan
