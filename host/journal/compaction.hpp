#pragma once

#include <string>

#include "host/base/result.hpp"
#include "host/journal/group_committer.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/retention.hpp"

namespace certspan {

/// As Journal::compact, on a connection of its own. `path`: the database file.
Result<Journal::Compaction> compact_journal(const std::string& path, GroupCommitter& committer,
                                            Retention& retention, bool may_rewrite);

}  // namespace certspan
