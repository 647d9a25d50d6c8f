#pragma once

#include <functional>
#include <string>

#include "host/base/result.hpp"
#include "host/journal/group_committer.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/retention.hpp"

namespace certspan {

/// Runs `work` while no transaction runs; after a failed write or sync nothing may be written any more.
Result<void> between_commits(const std::string& path, GroupCommitter& committer,
                             const std::function<sql::Tried<void>()>& work);
/// Moves the log into the file and empties it. False: readers, or the checkpoint that runs by itself, were in
/// the way for a second; then the log stays.
Result<bool> give_log_back(sql::Database& own, const std::string& path, GroupCommitter& committer);

/// As Journal::compact, on a connection of its own. `path`: the database file.
Result<Journal::Compaction> compact_journal(const std::string& path, GroupCommitter& committer,
                                            Retention& retention, bool may_rewrite);

}  // namespace certspan
