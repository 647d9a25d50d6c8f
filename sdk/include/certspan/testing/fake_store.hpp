// An in-memory store behind the contract's table. For tests of plugins.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <certspan/abi/service_store.h>
#include <certspan/types.hpp>

namespace certspan::sdk::testing {

/// Keeps records with revisions as a host does; every commit is durable at once. Any thread.
class FakeStore {
 public:
  struct Value {
    std::uint64_t revision;
    std::string bytes;
  };

  /// The next commit answers this and writes nothing.
  void fail_next_commit(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    next_failure_ = outcome;
  }
  /// The next `get` or `scan` answers this and gives nothing.
  void fail_next_read(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    next_read_failure_ = outcome;
  }
  /// From now on `get` of this key answers this and gives nothing.
  void fail_reads_of(std::string key, Outcome outcome) {
    const std::lock_guard lock(mutex_);
    unreadable_ = {std::move(key), outcome};
  }
  [[nodiscard]] std::map<std::string, Value> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }

  certspan_outcome get(certspan_bytes_view key, const certspan_store_sink* sink) {
    const std::lock_guard lock(mutex_);
    if (next_read_failure_.has_value()) return to_abi(*std::exchange(next_read_failure_, std::nullopt));
    if (unreadable_ && unreadable_->first == text(key)) return to_abi(unreadable_->second);
    const auto found = records_.find(text(key));
    if (found == records_.end()) return CERTSPAN_REJECTED;
    hand_over(*found, sink);
    return CERTSPAN_OK;
  }

  certspan_outcome scan(certspan_bytes_view prefix, certspan_bytes_view after, std::uint64_t limit,
                        const certspan_store_sink* sink) {
    const std::lock_guard lock(mutex_);
    if (next_read_failure_.has_value()) return to_abi(*std::exchange(next_read_failure_, std::nullopt));
    const std::string first = text(prefix);
    const std::string last_seen = text(after);
    auto record = last_seen.empty() ? records_.lower_bound(first) : records_.upper_bound(last_seen);
    for (; record != records_.end() && record->first.starts_with(first) && limit > 0; ++record, --limit) {
      if (hand_over(*record, sink) == 0) break;
    }
    return CERTSPAN_OK;
  }

  certspan_outcome commit(const certspan_store_write* writes, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    if (next_failure_.has_value()) return to_abi(*std::exchange(next_failure_, std::nullopt));
    constexpr std::uint64_t kMaxWrites = 64;
    constexpr std::uint64_t kMaxKey = 256;
    constexpr std::uint64_t kMaxValue = 65536;
    if (count > kMaxWrites) return CERTSPAN_INVALID;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (writes[i].key.size > kMaxKey || writes[i].value.size > kMaxValue) return CERTSPAN_INVALID;
      if (!expected(writes[i])) return CERTSPAN_REJECTED;
    }
    for (std::uint64_t i = 0; i < count; ++i) apply(writes[i]);
    return CERTSPAN_OK;
  }

 private:
  static std::string text(certspan_bytes_view view) { return std::string(text_of(from_abi(view))); }

  static std::int32_t hand_over(const std::pair<const std::string, Value>& record,
                                const certspan_store_sink* sink) {
    return sink->record(sink->context, to_abi(bytes_of(record.first)), record.second.revision,
                        to_abi(bytes_of(record.second.bytes)));
  }

  [[nodiscard]] bool expected(const certspan_store_write& write) const {
    if (write.expected_revision == CERTSPAN_STORE_ANY) return true;
    const auto found = records_.find(text(write.key));
    return write.expected_revision == (found == records_.end() ? 0 : found->second.revision);
  }

  void apply(const certspan_store_write& write) {
    if ((write.flags & CERTSPAN_STORE_DELETE) != 0) {
      records_.erase(text(write.key));
    } else {
      records_.insert_or_assign(text(write.key), Value{++last_revision_, text(write.value)});
    }
  }

  mutable std::mutex mutex_;
  std::map<std::string, Value> records_;
  std::uint64_t last_revision_ = 0;
  std::optional<Outcome> next_failure_;
  std::optional<Outcome> next_read_failure_;
  std::optional<std::pair<std::string, Outcome>> unreadable_;
};

}  // namespace certspan::sdk::testing
