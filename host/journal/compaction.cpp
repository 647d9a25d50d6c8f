#include "host/journal/compaction.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include "host/journal/schema.hpp"

namespace certspan {
namespace {

/// What the file and its log take.
std::uint64_t size_of(const std::string& path) {
  std::uint64_t size = 0;
  for (const char* part : {"", "-wal"}) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path + part, error);
    if (!error) size += bytes;
  }
  return size;
}

/// A file that was made without room for it cannot shrink in steps: it is written anew.
Result<void> make_shrinkable(sql::Database& own, const std::string& path, GroupCommitter& committer,
                             bool may_rewrite) {
  const auto mode = own.number("PRAGMA auto_vacuum");
  if (!mode) return tl::unexpected(sql::to_error(mode.error(), path));
  if (*mode == kIncrementalVacuum) return {};
  if (!may_rewrite) {
    return fail(Outcome::Rejected, "journal.compact_offline",
                "journal \"" + path +
                    "\": was made by an older certspan and has to be written anew: stop the host, run "
                    "`certspan journal compact` once, and start it again");
  }
  return between_commits(path, committer, [&] { return rewrite(own); });
}

}  // namespace

Result<void> between_commits(const std::string& path, GroupCommitter& committer,
                             const std::function<sql::Tried<void>()>& work) {
  sql::Tried<void> done;
  committer.between_commits([&] { done = work(); });
  if (done) return {};
  const bool harmless = done.error().trouble == sql::Trouble::Full ||
                        done.error().trouble == sql::Trouble::Busy ||
                        done.error().trouble == sql::Trouble::Memory;
  if (!harmless) committer.give_up();
  return tl::unexpected(sql::to_error(done.error(), path));
}

Result<bool> give_log_back(sql::Database& own, const std::string& path, GroupCommitter& committer) {
  constexpr int kTries = 40;
  constexpr std::chrono::milliseconds kPause{25};
  for (int i = 0; i < kTries; ++i) {
    // Most of it while commits go on.
    static_cast<void>(own.checkpoint());
    auto emptied = between_commits(path, committer, [&] {
      auto done = own.empty_log();
      if (done) committer.log_emptied();
      return done;
    });
    if (emptied) return true;
    if (emptied.error().code != "journal.locked") return tl::unexpected(std::move(emptied).error());
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

Result<Journal::Compaction> compact_journal(const std::string& path, GroupCommitter& committer,
                                            Retention& retention, bool may_rewrite) {
  Journal::Compaction sizes;
  sizes.before_bytes = size_of(path);
  auto own = sql::Database::open(path, sql::OpenMode::ReadWrite);
  if (!own) return tl::unexpected(sql::to_error(own.error(), path));
  CERTSPAN_CHECK(set_up_writing(*own, path));
  CERTSPAN_CHECK(make_shrinkable(*own, path, committer, may_rewrite));
  CERTSPAN_CHECK(retention.give_back(0, [] { return true; }));
  CERTSPAN_CHECK(give_log_back(*own, path, committer));
  sizes.after_bytes = size_of(path);
  return sizes;
}

}  // namespace certspan
