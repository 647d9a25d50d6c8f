// The connector's durable key-value store.
#pragma once

#include <initializer_list>
#include <span>
#include <utility>

#include <certspan/abi/service_store.h>
#include <certspan/detail/callback.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk {

/// One record. `revision` is at least 1 and rises with each write of the key.
struct Record {
  ByteBuffer key;
  std::uint64_t revision = 0;
  ByteBuffer value;
};

/// One record while a scan hands it over: valid until the callable returns.
struct RecordView {
  Bytes key;
  std::uint64_t revision = 0;
  Bytes value;
};

/// One write of a commit; key and value are borrowed until `commit` returns. Made by the functions below.
using StoreWrite = certspan_store_write;

/// The key must not exist yet.
[[nodiscard]] inline StoreWrite insert_record(Bytes key, Bytes value) noexcept {
  return {to_abi(key), 0, to_abi(value), 0};
}
/// The key must still have the revision that was read.
[[nodiscard]] inline StoreWrite update_record(Bytes key, std::uint64_t revision, Bytes value) noexcept {
  return {to_abi(key), revision, to_abi(value), 0};
}
/// Whatever is there.
[[nodiscard]] inline StoreWrite put_record(Bytes key, Bytes value) noexcept {
  return {to_abi(key), CERTSPAN_STORE_ANY, to_abi(value), 0};
}
[[nodiscard]] inline StoreWrite erase_record(Bytes key,
                                             std::uint64_t revision = CERTSPAN_STORE_ANY) noexcept {
  return {to_abi(key), revision, {}, CERTSPAN_STORE_DELETE};
}

/// Writes inside a call that carries an item are staged: they become durable with the item's next transition,
/// or not at all. Outside such a call a commit is durable when it returns. Any thread. On a host without a
/// store every function answers Unsupported.
class Store {
 public:
  Store(const certspan_service_store* table, void* context) noexcept : table_(table), context_(context) {}

  /// Ok and the record; Rejected: there is none; Unavailable: the store can't be read now.
  [[nodiscard]] Outcome get(Bytes key, Record& record) const {
    auto keep = [&record](const RecordView& view) {
      record.key.assign(view.key.begin(), view.key.end());
      record.revision = view.revision;
      record.value.assign(view.value.begin(), view.value.end());
      return false;
    };
    return collect(
        keep, [&](const certspan_store_sink& sink) { return table_->get(context_, to_abi(key), &sink); });
  }

  /// Calls `visit(const RecordView&)` for each record whose key begins with `prefix`, in key order, those
  /// after the key `after`, at most `limit`. `visit` returns false to stop.
  template <class Visit>
  [[nodiscard]] Outcome scan(Bytes prefix, Bytes after, std::uint64_t limit, Visit&& visit) const {
    return collect(visit, [&](const certspan_store_sink& sink) {
      return table_->scan(context_, to_abi(prefix), to_abi(after), limit, &sink);
    });
  }

  /// All writes (up to 64) or none. Ok; Rejected: a revision was not the expected one; Invalid: over a limit;
  /// Unavailable: the disk.
  [[nodiscard]] Outcome commit(std::span<const StoreWrite> writes) const noexcept {
    if (table_ == nullptr) return Outcome::Unsupported;
    return outcome_from_abi(table_->commit(context_, writes.data(), writes.size()));
  }
  [[nodiscard]] Outcome commit(std::initializer_list<StoreWrite> writes) const noexcept {
    return commit(std::span<const StoreWrite>(writes.begin(), writes.size()));
  }

 private:
  template <class Visit, class Ask>
  Outcome collect(Visit& visit, const Ask& ask) const {
    if (table_ == nullptr) return Outcome::Unsupported;
    bool more = true;
    auto step = [&](const RecordView& view) { more = visit(view); };
    using Step = detail::Callback<decltype(step)>;
    Step callback(step);
    // `more` and the callback travel together, so that a throwing visit stops the scan as well.
    std::pair<Step*, bool*> state(&callback, &more);
    certspan_store_sink sink = {sizeof(certspan_store_sink), 0, &state, nullptr};
    sink.record = [](void* context, certspan_bytes_view key, std::uint64_t revision,
                     certspan_bytes_view value) noexcept -> std::int32_t {
      auto& [handler, go_on] = *static_cast<std::pair<Step*, bool*>*>(context);
      return handler->call(RecordView{from_abi(key), revision, from_abi(value)}) && *go_on ? 1 : 0;
    };
    const Outcome outcome = outcome_from_abi(ask(sink));
    callback.rethrow();
    return outcome;
  }

  const certspan_service_store* table_;
  void* context_;
};

}  // namespace certspan::sdk
