#include "host/journal/change.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/index_keys.hpp"
#include "host/journal/item_codec.hpp"

namespace certspan {
namespace {

// The contract's sizes (abi/plugin.h). A transition may carry the writes of several calls.
constexpr std::size_t kMostStoreKey = 256;
constexpr std::size_t kMostStoreValue = std::size_t{64} * 1024;
constexpr std::size_t kMostWrites = 256;
constexpr std::size_t kMostNote = 4096;

bool fits(const StoreWrite& write) {
  return !write.connector.empty() && write.connector.size() <= kMostStoreKey && !write.key.empty() &&
         write.key.size() <= kMostStoreKey && (!write.value || write.value->size() <= kMostStoreValue);
}

bool fit(const std::vector<StoreWrite>& writes) {
  return writes.size() <= kMostWrites && std::all_of(writes.begin(), writes.end(), fits);
}

tl::unexpected<CommitResult> too_large() {
  return tl::unexpected(CommitResult::TooLarge);
}

}  // namespace

SealedPlace sealed_place(WorkId id, ItemState state) {
  return is_open(state) ? SealedPlace{"hot", id, "request and handle"} : SealedPlace{"done", id, "request"};
}

MadeChange change_of(Transition transition, const Sealer& sealer) {
  const WorkItem& item = transition.item;
  if (!fit(transition.writes) || item.note.size() > kMostNote) return too_large();
  Change change;
  ItemRow& row = change.item.emplace();
  row.id = item.id;
  row.epoch = item.epoch;
  row.state = item.state;
  row.first = transition.first;
  row.key = item.key;
  row.key_hash = index_hash(item.key);
  row.transaction_hash = transaction_hash(item.transaction_id);
  row.serial_hash = serial_hash(item.label(kSerialLabel));
  row.body = encode_item(item);
  if (keeps_request(item.state)) {
    const Bytes secrets = encode_secrets(item);
    auto sealed = sealer.seal(sealed_place(item.id, item.state), secrets);
    if (secrets.size() > kMostBody) return too_large();
    if (!sealed) return tl::unexpected(CommitResult::Refused);
    row.sealed = std::move(*sealed);
  }
  if (is_open(item.state)) row.note = item.note;
  if (row.body.size() > kMostBody) return too_large();
  if (!is_open(item.state)) {
    const auto digest =
        audit_digest({row.id, row.epoch, static_cast<std::uint8_t>(row.state), row.key, row.body});
    if (!digest) return tl::unexpected(CommitResult::Refused);
    row.digest = *digest;
  }
  change.writes = std::move(transition.writes);
  return change;
}

MadeChange change_of(WorkId id, std::uint32_t epoch, BytesView note) {
  if (note.size() > kMostNote) return too_large();
  Change change;
  change.note = NoteRow{id, epoch, copy_of(note)};
  return change;
}

MadeChange change_of(std::vector<StoreWrite> writes) {
  if (!fit(writes)) return too_large();
  Change change;
  change.writes = std::move(writes);
  return change;
}

}  // namespace certspan
