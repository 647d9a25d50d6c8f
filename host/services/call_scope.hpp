#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/journal/journal.hpp"

namespace certspan {

/// What belongs to the call that a thread is making into a connector on behalf of an item: the store writes
/// staged since the item's last transition, the work id that its log records carry, and the exchanges over
/// http_out that may have done something outside. One per call, on the stack of the calling thread; services
/// find it there.
class CallScope {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Id and writes are borrowed for the life of the scope.
  CallScope(std::string_view work_id, std::vector<StoreWrite>& writes, Deadline deadline = Deadline::max());
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  /// The scope of the call this thread is in, or null.
  static CallScope* current();

  std::string_view work_id() const { return work_id_; }
  /// When the call should be over.
  Deadline deadline() const { return deadline_; }
  std::vector<StoreWrite>& writes() { return writes_; }
  /// The staged write of a key, or null.
  StoreWrite* staged(std::string_view connector, BytesView key) const;

  /// An exchange is open from before its first byte ...
  void exchange_begins(std::uint64_t exchange);
  /// ... until it is certain that none left ...
  void nothing_left(std::uint64_t exchange);
  /// ... or a whole answer came ...
  void answer_came(std::uint64_t exchange);
  /// ... of which the plugin says that the CA itself wrote it. False: no such exchange, or no whole answer.
  bool answered_by_ca(std::uint64_t exchange);
  /// An exchange is open: what it asked for may have been done.
  bool may_have_been_done() const { return !open_.empty(); }

 private:
  struct OpenExchange {
    std::uint64_t exchange;
    bool answered;
  };

  std::string_view work_id_;
  std::vector<StoreWrite>& writes_;
  Deadline deadline_;
  std::vector<OpenExchange> open_;
  CallScope* outer_;
};

}  // namespace certspan
