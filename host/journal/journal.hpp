#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/journal/audit.hpp"
#include "host/journal/configured_keys.hpp"
#include "host/journal/item_filter.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// A write into a connector's own store. `expected_revision` 0: the key must not exist; kAnyRevision:
/// whatever is there.
struct StoreWrite {
  static constexpr std::uint64_t kAnyRevision = UINT64_MAX;

  std::string connector;
  Bytes key;
  std::uint64_t expected_revision = 0;
  std::optional<Bytes> value;  ///< nullopt removes the key
};

struct StoreRecord {
  Bytes key;
  std::uint64_t revision = 0;
  Bytes value;
};

/// One change of state of one item, with the store writes of the calls that led to it: durable together or
/// not at all.
struct Transition {
  WorkItem item;       ///< as it stands from now on; a finished state moves its row from `hot` to `done`
  bool first = false;  ///< the item's first row; otherwise the row must be there with epoch `item.epoch`
  /// Of several writes to one key the first one's precondition counts and the last one's value.
  std::vector<StoreWrite> writes;
};

enum class CommitResult : std::uint8_t {
  Committed,
  Conflict,    ///< a store revision was not the expected one: nothing written, repeat the calls
  StaleEpoch,  ///< another claim holds the item: nothing written, drop this one's result
  KeyExists,   ///< `first`, but an open item with this key is there: nothing written
  Locked,      ///< another program has it open for too long: nothing written
  Refused,     ///< no room (the whole transaction was taken back), or opened for reading: nothing written
  TooLarge,    ///< over a limit of size or count, and would be again: nothing written
  Failed,  ///< a write or sync failed: whether it is committed is known after the next start only. The host
           ///< must end
};

/// Whose finished items shall go, at whose word, and why.
struct ErasureOrder {
  ItemFilter filter;
  std::string who;
  std::string reason;  ///< kept for good: names nobody
};

/// That a journal was put back from a backup: what happened after the backup is not in it.
struct Restore {
  WallMs backup_at = 0;              ///< when the backup was made
  WallMs restored_at = 0;            ///< when it was put back
  std::optional<WallMs> started_at;  ///< when a host first started from it
  std::uint64_t audit_number = 0;    ///< where the audit chain ended in the backup
  AuditHash audit_hash{};            ///< the hash there
  bool nothing_lost = false;         ///< on a person's word no host worked after the backup
};

/// The durable record of every accepted work item and of the connectors' stores.
///
/// Thread-safe. One process holds the directory. Writes go through one writer thread that commits in groups:
/// an idle journal commits at once, a busy one gathers up to a bounded time. Reads see everything that has
/// been reported committed.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Called once, on the writer's thread; must not block, nor call note, write or claim_open.
  using Committed = std::function<void(CommitResult)>;

  /// Makes a transition durable. A member of a group that conflicts fails alone. After one Failed, every
  /// later commit is Failed.
  virtual void commit(Transition transition, Committed done) = 0;
  /// Stores `note` with the item before it returns. `epoch` as in a transition.
  virtual CommitResult note(WorkId id, std::uint32_t epoch, BytesView note) = 0;
  /// Store writes outside an item.
  virtual CommitResult write(std::vector<StoreWrite> writes) = 0;

  /// The newest item with this key: the open one if there is one, else the newest finished.
  virtual Result<std::optional<WorkItem>> find_by_key(const ItemKey& key) = 0;
  virtual Result<std::optional<WorkItem>> find_by_poll_key(const ItemKey& poll_key,
                                                           std::string_view transaction_id) = 0;
  virtual Result<std::optional<WorkItem>> find(WorkId id) = 0;
  /// Items by transaction id or serial (hexadecimal in any spelling); if there are none, those that
  /// `speaks_of` (item_names.hpp) finds among the newest 100,000. Newest first.
  virtual Result<std::vector<WorkItem>> search(std::string_view text, std::size_t limit) = 0;
  /// The items of a part of `range`, `limit` at most; the rest is read by asking on behind ItemPage::last.
  virtual Result<ItemPage> page(const ItemFilter& filter, const ItemRange& range, std::size_t limit) = 0;
  /// Newest first, without their secrets, as many as the filter's limit.
  Result<std::vector<WorkItem>> list(const ItemFilter& filter);
  /// Every open item, oldest first, with its epoch raised durably: what a starting host takes over.
  virtual Result<std::vector<WorkItem>> claim_open() = 0;

  virtual Result<std::optional<StoreRecord>> store_get(std::string_view connector, BytesView key) = 0;
  /// In key order; `visit` returns false to stop.
  virtual Result<void> store_scan(std::string_view connector, BytesView prefix, BytesView after,
                                  std::size_t limit,
                                  const std::function<bool(const StoreRecord&)>& visit) = 0;

  /// A fresh id, larger than every one before it.
  virtual WorkId next_id() = 0;
  /// Wall time of the newest record; for the check of the clock at start.
  virtual WallMs newest_record() = 0;
  /// Accepts the wall clock as it is although it is behind the newest record.
  virtual Result<void> accept_clock() = 0;

  struct Counts {
    std::uint64_t ready = 0, calling = 0, pending = 0, held = 0, finished = 0, dead = 0;
  };
  virtual Result<Counts> counts() = 0;

  /// What a look at everything found.
  struct Inspection {
    std::uint64_t open = 0, finished = 0, dead = 0;
    std::uint64_t records = 0;        ///< of the connectors' stores
    std::uint64_t bytes = 0;          ///< of the file
    std::uint64_t free_bytes = 0;     ///< of these: for what comes next
    std::vector<std::string> faults;  ///< in words, the first hundred; none: all is well
  };
  /// Reads and checks all there is; seconds for each gigabyte, and nobody waits for it.
  virtual Result<Inspection> inspect() = 0;

  /// Eight digits that tell its sealing key from others, and nothing of it.
  virtual std::string key_mark() = 0;

  virtual Result<AuditHead> audit_head() = 0;
  /// Finished items by their ids, after `after`; those that finished before there was a chain too. Rows that
  /// can't be read are there with what can be told of them.
  virtual Result<AuditPage> audit_page(WorkId after, std::size_t limit) = 0;
  /// In the order of their numbers, those that begin after `after`.
  virtual Result<std::vector<AuditGap>> audit_gaps(std::uint64_t after, std::size_t limit) = 0;

  /// The records of erasures, in the order of their numbers, those after `after`.
  virtual Result<std::vector<AuditRecord>> audit_erasures(std::uint64_t after, std::size_t limit) = 0;

  /// Removes the finished items that the filter takes, some hundreds in one transaction with the record of
  /// it. Whatever ends this in the middle, each is either there or gone with its record, and the same order
  /// again goes on. Returns how many. `purge` has to follow. Errors: those of reading, journal.full,
  /// journal.io.
  virtual Result<std::uint64_t> erase(const ErasureOrder& order) = 0;

  struct Purge {
    bool rewritten = false;  ///< the file was written anew: it holds nothing but what the journal holds
  };
  /// Takes what was removed out of the file and its log: gives free pages back, writes the file anew if it is
  /// small or `may_rewrite` (every commit waits meanwhile), and empties the log. Errors: journal.locked if
  /// somebody reads for too long, and those of writing.
  virtual Result<Purge> purge(bool may_rewrite) = 0;

  /// Writes all that is committed into the new file `to`, while work goes on: for a backup. Takes seconds for
  /// each gigabyte. Errors: those of writing.
  virtual Result<void> snapshot(const std::filesystem::path& to) = 0;
  /// The backups that this journal was put back from, oldest first.
  virtual Result<std::vector<Restore>> restores() = 0;
  /// Says so of this journal.
  virtual Result<void> add_restore(const Restore& restore) = 0;
  /// From now on every restore has been started from.
  virtual Result<void> start_restores(WallMs now) = 0;

  /// Removes now what has outlived its retention, as otherwise happens by and by. Returns how many items.
  virtual Result<std::uint64_t> expire() = 0;
  /// Changes how long finished items are kept.
  virtual void keep_finished_for(std::chrono::milliseconds retention) = 0;

  struct Compaction {
    std::uint64_t before_bytes = 0, after_bytes = 0;  ///< of the file and its log
  };
  /// Gives all free pages and the log back to the file system, in small steps between commits. A file that an
  /// older certspan made has to be written anew once; every commit waits meanwhile, so that is done only if
  /// `may_rewrite`. Errors: journal.compact_offline, and those of writing.
  virtual Result<Compaction> compact(bool may_rewrite) = 0;
};

/// How often, and how gently, finished items that have outlived their retention are looked for.
struct RetentionPace {
  std::chrono::milliseconds first{60'000};  ///< after the start
  std::chrono::milliseconds every{std::chrono::hours(6)};
  std::chrono::milliseconds pause{20};      ///< between two steps
  std::chrono::milliseconds watch{60'000};  ///< how often refused ones are counted
};

struct JournalOptions {
  std::filesystem::path directory;  ///< of the host (`data_dir`); made 0700 if it is missing
  ConfiguredKeys keys{};            ///< none: the key stands in the directory, made if it is missing
  bool secrets = true;     ///< false, for reading only: items come without their secrets, no key is needed
  bool read_only = false;  ///< for the command line when the host is down; still takes the lock
  std::chrono::microseconds longest_gather{2000};  ///< a group waits at most this long for more members
  const Clock* clock = nullptr;                    ///< outlives the journal
  /// Finished items go when they are older, but none whose row holds a certificate that is still good.
  std::chrono::milliseconds retention{std::chrono::hours(24 * 400)};
  RetentionPace retention_pace{};
  /// Of items that were refused the newest stay, whatever their age: strangers can make as many as they like.
  std::size_t most_refused = 1'000'000;
};

/// Opens or makes the SQLite journal in `options.directory`: WAL, full sync, one writer, schema version
/// checked (a newer one is refused). Errors: journal.locked (another process), journal.corrupt,
/// journal.unwritable, journal.full, journal.io, journal.newer_schema, journal.key (the sealing key is
/// missing or unreadable though the journal holds sealed data), journal.lost (the key is there and the
/// database is not); for reading only also journal.missing and journal.older_schema.
///
/// One opened for reading changes nothing on disk, not even after the host crashed; any number may be open at
/// a time. It holds what was committed when it was opened; whatever would write is refused
/// (journal.read_only).
Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options);

}  // namespace certspan
