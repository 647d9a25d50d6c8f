#pragma once

#include <cstdint>

#include "host/journal/work_item.hpp"

namespace certspan {

// The turn of an item tells it from others of the same request, and is part of the key by which CAs outside
// know it (docs/decisions/0005-two-idempotency-keys.md). A journal that was put back from a backup gives a
// request that comes again the turn that it had in the time that was lost, so that its CA can be asked.

/// Of a request that the journal does not know. It changes every 30 days: an item that retention has removed
/// is not taken for its successor.
std::uint64_t first_turn(WallMs accepted_at);
/// Of the item after `before`, the newest finished one of its request: the next, if a CA heard of that one.
std::uint64_t next_turn(const WorkItem& before, WallMs accepted_at);
/// What `first_turn` was 30 days ago. Requires: a first turn.
std::uint64_t earlier_turn(std::uint64_t turn);
bool is_first_turn(std::uint64_t turn);

}  // namespace certspan
