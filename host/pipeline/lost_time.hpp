#pragma once

#include <string_view>

#include "host/journal/work_item.hpp"

namespace certspan {

/// What a journal that was put back from a backup can't know: which CA outside did what after the backup.
/// Until clients have stopped repeating requests of that time, every CA is asked before it issues.
struct LostTime {
  WallMs since = 0;  ///< first start after the restore: what was asked from then on is in the journal
  WallMs until = 0;  ///< items that are accepted from then on are no repeats; 0: nothing was lost
};

/// Whether `issuer` may have done the item's step in the time that was lost: it has neither promised since
/// that it did not, nor been asked to issue, nor has a person said so.
bool may_have_issued(const WorkItem& item, std::string_view issuer, const LostTime& lost);
/// The same for a request that may have come before the turns changed last, when it had an earlier one.
bool may_have_issued_earlier(const WorkItem& item, std::string_view issuer, const LostTime& lost);

/// The call, in an item's attempts, that asks for the earlier turn.
inline constexpr std::string_view kLookUpEarlier = "lookup_earlier";

}  // namespace certspan
