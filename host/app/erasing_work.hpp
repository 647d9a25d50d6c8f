#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

/// What a person wants erased: {"filter", "reason", "dry_run"}. Answers {"erased": how many items were, or
/// would be, "dry_run", "rewritten"}. Erases all or nothing that is finished now; a dry run only counts, and
/// needs no reason. `who`: the user, by the kernel's word. `alone`: nobody waits for the journal, so its file
/// may be written anew whatever its size.
///
/// Errors: work.bad_filter (it has to name somebody), work.bad_reason, work.open (some items are not
/// finished; nothing was erased), and those of the journal.
Result<nlohmann::json> erase_work(Journal& journal, const nlohmann::json& arguments, const std::string& who,
                                  bool alone);

}  // namespace certspan
