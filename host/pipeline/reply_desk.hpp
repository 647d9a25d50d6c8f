#pragma once

#include <vector>

#include "host/pipeline/runtime.hpp"

namespace certspan {

/// Tells waiting clients how their item stands, through the source that made their reply context, or "try
/// later" (503 with Retry-After) by itself. Thread-safe.
class ReplyDesk {
 public:
  explicit ReplyDesk(Runtime& runtime) : runtime_(runtime) {}

  /// Answers `waiters` with a finished item. `certificate` is that of a Done item.
  void finished(std::vector<Waiter> waiters, const WorkItem& item, BytesView certificate);
  /// Tells them PENDING; only where the pipeline allows it.
  void pending(std::vector<Waiter> waiters, WorkId id);
  /// Answers without an item: a submission that was turned away for good.
  void refused(std::vector<Waiter> waiters, Outcome outcome, std::string_view code);
  static void try_later(const std::vector<Waiter>& waiters, std::uint32_t retry_after_s = kRetryAfterSeconds);

  static constexpr std::uint32_t kRetryAfterSeconds = 5;

 private:
  struct Telling;
  void tell(std::vector<Waiter> waiters, Telling telling);

  Runtime& runtime_;
};

}  // namespace certspan
