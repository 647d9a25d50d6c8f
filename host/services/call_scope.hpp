#pragma once

#include <string_view>
#include <vector>

#include "host/journal/journal.hpp"

namespace certspan {

/// What belongs to the call that a thread is making into a connector on behalf of an item: the store writes
/// staged since the item's last transition, and the work id that its log records carry. One per call, on the
/// stack of the calling thread; services find it there.
class CallScope {
 public:
  /// Both are borrowed for the life of the scope.
  CallScope(std::string_view work_id, std::vector<StoreWrite>& writes);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  /// The scope of the call this thread is in, or null.
  static CallScope* current();

  std::string_view work_id() const { return work_id_; }
  std::vector<StoreWrite>& writes() { return writes_; }
  /// The staged write of a key, or null.
  StoreWrite* staged(std::string_view connector, BytesView key) const;

 private:
  std::string_view work_id_;
  std::vector<StoreWrite>& writes_;
  CallScope* outer_;
};

}  // namespace certspan
