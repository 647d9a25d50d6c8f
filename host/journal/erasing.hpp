#pragma once

#include <string>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/journal/group_committer.hpp"
#include "host/journal/group_writer.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/reader_pool.hpp"
#include "host/journal/retention.hpp"

namespace certspan {

/// As Journal::erase. `end`: items from this id on are not looked at.
Result<std::uint64_t> erase_items(const ErasureOrder& order, WorkId end, ReaderPool& readers,
                                  GroupWriter& writer, const Clock& clock);

/// As Journal::purge, on a connection of its own. `path`: the database file.
Result<Journal::Purge> purge_journal(const std::string& path, GroupCommitter& committer, Retention& retention,
                                     bool may_rewrite);

}  // namespace certspan
