#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <certspan/abi/work_item.h>

#include "host/journal/work_item.hpp"

namespace certspan {

/// What a call says besides the item: which try this is, and until when an answer is of use.
struct CallTerms {
  std::uint32_t attempt = 1;
  std::chrono::steady_clock::time_point deadline;  ///< CLOCK_MONOTONIC
};

/// A point of CLOCK_MONOTONIC in nanoseconds, as the contract writes it; one before the clock's zero is 0.
std::uint64_t to_abi_ns(std::chrono::steady_clock::time_point time);

/// Which idempotency key a call carries. A source's key comes back with every repeat of the same bytes, even
/// after the journal has ceased to answer for them, when they are a new item. Validators see that one: a
/// challenge that was spent for it stays its own. Issuers see a key of this item alone: a new item must never
/// get an old certificate. It is made of the item's turn, so that a CA outside can be asked after a restore
/// that lost the item; an issuer whose records are in the journal has lost those too, and sees the work id's.
enum class CallKey : std::uint8_t { Source, Item, Turn };

/// A work item in the form of the contract, for one call. Borrows from the WorkItem, which must stay as it is
/// while this lives. `profile` is that of the item's current step. Used by one thread.
class AbiItem {
 public:
  AbiItem(const WorkItem& item, const CallTerms& terms, CallKey key = CallKey::Source);
  AbiItem(const AbiItem&) = delete;
  AbiItem& operator=(const AbiItem&) = delete;

  const certspan_item* get() const { return &item_; }

 private:
  std::string id_;
  ItemKey key_;
  std::vector<certspan_label> labels_;
  certspan_item item_{};
};

}  // namespace certspan
