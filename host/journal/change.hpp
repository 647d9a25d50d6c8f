#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/journal/audit.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// An item as its row holds it.
struct ItemRow {
  WorkId id{};
  std::uint32_t epoch = 0;
  ItemState state = ItemState::Ready;
  bool first = false;
  ItemKey key{};
  std::int64_t key_hash = 0;
  std::optional<std::int64_t> transaction_hash;
  std::optional<std::int64_t> serial_hash;
  Bytes note;
  Bytes body;
  AuditHash digest{};  ///< of a finished row
  Bytes sealed;        ///< empty in a finished row, but for a dead letter's
};

struct NoteRow {
  WorkId id{};
  std::uint32_t epoch = 0;
  Bytes note;
};

/// Finished items that a person wants gone, with what is kept of that: the items that are there are counted,
/// and their numbers noted, when they are removed.
struct ErasureRow {
  Erasure record;
  std::vector<WorkId> items;
};

/// One member of a group: what is written together or not at all. Made on the caller's thread, so that
/// encoding and sealing do not hold up the writer.
struct Change {
  std::optional<ItemRow> item;
  std::optional<NoteRow> note;
  std::vector<StoreWrite> writes;
  std::vector<WorkId> expired;  ///< finished items that go
  std::optional<ErasureRow> erasure;
  bool gives_back = false;  ///< some free pages go back to the file system
};

/// The sealed column's place, as sealing binds it: what was sealed for an open row opens in no dead letter.
SealedPlace sealed_place(WorkId id, ItemState state);

/// A change, or what is answered at once: TooLarge; Refused if it can't be sealed now.
using MadeChange = tl::expected<Change, CommitResult>;

MadeChange change_of(Transition transition, const Sealer& sealer);
MadeChange change_of(WorkId id, std::uint32_t epoch, BytesView note);
MadeChange change_of(std::vector<StoreWrite> writes);

}  // namespace certspan
