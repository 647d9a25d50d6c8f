#include "tests/host/journal/power_cut.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "host/journal/checkpointer.hpp"
#include "host/journal/group_committer.hpp"
#include "host/journal/opening.hpp"
#include "tests/host/journal/journal_fixture.hpp"
#include "tests/support/fault_vfs.hpp"

namespace certspan::testing {
namespace {

/// What the journal has promised of an item, by its number. A state is only ever followed by a later one.
struct Promise {
  ItemState state = ItemState::Ready;
  bool noted = false;
  bool may_go = false;  ///< has outlived its retention
};
using Promises = std::map<std::uint64_t, Promise>;

struct Image {
  std::filesystem::path directory;
  Promises promises;
};

std::string store_key(std::uint64_t number) {
  return "ledger-" + std::to_string(number);
}

/// The store writes of each transition say its state, so that halves can be told.
std::vector<StoreWrite> writes_for(const WorkItem& item, std::uint64_t number) {
  return {store_write("ca", store_key(number), StoreWrite::kAnyRevision, std::string(to_string(item.state)))};
}

/// Calls `check` with a directory for each way in which the disk may be left now.
class Cutter {
 public:
  explicit Cutter(std::filesystem::path journal) : journal_(std::move(journal)) {}

  /// Makes the directories; they are checked once the disk is a real one again.
  std::vector<std::filesystem::path> cut(const FaultVfs& disk) {
    std::vector<std::filesystem::path> left;
    const auto leave = [&](FaultVfs::Cut kept, std::uint32_t seed) {
      const auto directory = images_.path() / std::to_string(made_++);
      std::filesystem::create_directory(directory);
      disk.survive(directory, kept, seed);
      const auto key = journal_ / "journal.key";
      if (std::filesystem::exists(key)) std::filesystem::copy_file(key, directory / "journal.key");
      left.push_back(directory);
    };
    leave(FaultVfs::Cut::KeepsNothing, 0);
    leave(FaultVfs::Cut::KeepsAll, 0);
    for (int dice = 0; dice < 2; ++dice) leave(FaultVfs::Cut::KeepsSome, made_);
    return left;
  }

 private:
  std::filesystem::path journal_;
  TempDir images_;
  std::uint32_t made_ = 0;
};

class Sweep {
 public:
  PowerCutSweep run();

 private:
  void work();
  void item_by_item(Journal& journal);
  void in_groups(Journal& journal);
  void expire(Journal& journal);
  void step(Journal& journal, WorkItem item, std::uint64_t number, bool first);
  void promise(std::uint64_t number, ItemState state);
  void cut();
  void check(const Image& image);
  void check_item(Journal& journal, std::uint64_t number, const Promise& promised);
  void complain(const std::string& what) { result_.broken.push_back(what); }

  ManualClock clock_;
  TempDir directory_;
  Cutter cutter_{directory_.path()};
  std::unique_ptr<FaultVfs> disk_;
  std::mutex mutex_;
  Promises promises_;
  std::vector<Image> images_;
  PowerCutSweep result_;
};

PowerCutSweep Sweep::run() {
  disk_ = std::make_unique<FaultVfs>();
  disk_->before_sync([this](const auto&) { cut(); });
  work();
  disk_.reset();
  for (const Image& image : images_) {
    check(image);
    std::filesystem::remove_all(image.directory);
  }
  return result_;
}

void Sweep::work() {
  auto journal = opened(directory_.path(), clock_);
  item_by_item(*journal);
  journal.reset();
  journal = opened(directory_.path(), clock_);
  if (!journal->claim_open()) complain("open items can't be claimed");
  in_groups(*journal);
  expire(*journal);
}

void Sweep::item_by_item(Journal& journal) {
  for (std::uint64_t number = 0; number < 4; ++number) {
    WorkItem item = fresh_item(journal.next_id(), number);
    step(journal, item, number, true);
    if (number % 2 == 0 && journal.note(item.id, item.epoch, Bytes{1}) == CommitResult::Committed) {
      const std::lock_guard lock(mutex_);
      promises_[number].noted = true;
    }
    item.note = {1};
    item.state = ItemState::Pending;
    item.handle = Bytes(100, 7);
    step(journal, item, number, false);
    if (number < 3) step(journal, issued(item), number, false);
  }
}

void Sweep::in_groups(Journal& journal) {
  constexpr std::uint64_t kFirst = 100;
  constexpr std::uint64_t kCount = 12;
  for (int group = 0; group < 2; ++group) {
    std::vector<Transition> transitions;
    const std::uint64_t from = kFirst + kCount * static_cast<std::uint64_t>(group);
    for (std::uint64_t number = from; number < from + kCount; ++number) {
      const WorkItem item = issued(fresh_item(journal.next_id(), number));
      transitions.push_back({item, true, writes_for(item, number)});
    }
    const auto results = commit_together(journal, std::move(transitions));
    for (std::uint64_t i = 0; i < kCount; ++i) {
      if (results[i] == CommitResult::Committed) promise(from + i, ItemState::Done);
    }
    cut();
  }
}

void Sweep::expire(Journal& journal) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [number, promised] : promises_) promised.may_go = !is_open(promised.state);
  }
  clock_.set(clock_.wall_ms() + WallMs{24} * 3600 * 1000 * 4000);
  const auto removed = journal.expire();
  if (!removed || *removed == 0) complain("nothing is removed");
  cut();
  if (!journal.compact(false)) complain("the journal can't be compacted");
  cut();
}

void Sweep::step(Journal& journal, WorkItem item, std::uint64_t number, bool first) {
  const auto writes = writes_for(item, number);
  const ItemState state = item.state;
  if (commit_now(journal, {std::move(item), first, writes}) == CommitResult::Committed)
    promise(number, state);
  cut();
}

void Sweep::promise(std::uint64_t number, ItemState state) {
  const std::lock_guard lock(mutex_);
  promises_[number].state = state;
}

void Sweep::cut() {
  Image image;
  {
    const std::lock_guard lock(mutex_);
    image.promises = promises_;
  }
  for (auto& directory : cutter_.cut(*disk_)) {
    image.directory = directory;
    images_.push_back(image);
  }
  ++result_.cuts;
}

void Sweep::check(const Image& image) {
  JournalOptions options;
  options.directory = image.directory;
  options.clock = &clock_;
  auto journal = open_journal(options);
  if (!journal) return complain("does not open: " + journal.error().message);
  const auto inspected = (*journal)->inspect();
  if (!inspected || !inspected->faults.empty()) {
    complain("unsound: " + (inspected ? inspected->faults.front() : inspected.error().message));
  }
  for (const auto& [number, promised] : image.promises) check_item(**journal, number, promised);
}

void Sweep::check_item(Journal& journal, std::uint64_t number, const Promise& promised) {
  const std::string name = "item " + std::to_string(number);
  const auto found = journal.find_by_key(key_of(number));
  if (!found) return complain(name + ": " + found.error().message);
  if (!*found && promised.may_go) return;
  if (!*found) return complain(name + " is lost");
  const WorkItem& item = **found;
  if (item.state < promised.state) complain(name + " went back");
  if (promised.noted && is_open(item.state) && item.note != Bytes{1}) complain(name + " lost its note");
  const auto record = journal.store_get("ca", as_bytes(store_key(number)));
  if (!record || !*record || as_text((*record)->value) != to_string(item.state)) {
    complain(name + " and its store record are of different commits");
  }
}

/// Store writes of rising numbers, with checkpoints of a few pages at a time beside them.
class CheckpointSweep {
 public:
  PowerCutSweep run();

 private:
  static constexpr int kKeys = 7;
  static constexpr int kCommits = 120;
  /// So often the workload waits until a checkpoint has reached the database, however busy the machine is.
  static constexpr int kCommitsPerCheckpoint = 30;

  void work();
  void wait_for_checkpoint(int cuts);
  void check(const std::filesystem::path& image, int reported);

  ManualClock clock_;
  TempDir directory_;
  Cutter cutter_{directory_.path()};
  std::atomic<int> reported_{0};
  std::mutex mutex_;
  std::condition_variable cut_;
  PowerCutSweep result_;
};

PowerCutSweep CheckpointSweep::run() {
  std::vector<std::pair<std::filesystem::path, int>> images;
  {
    FaultVfs disk;
    int syncs = 0;
    disk.before_sync([&](const std::filesystem::path& file) {
      const bool of_database = file.extension() == ".db";
      if (reported_ == 0 || (!of_database && ++syncs % 8 != 0)) return;
      const int reported = reported_;
      for (const auto& directory : cutter_.cut(disk)) images.emplace_back(directory, reported);
      if (!of_database) return;
      const std::lock_guard lock(mutex_);
      ++result_.cuts;
      cut_.notify_all();
    });
    work();
  }
  for (const auto& [image, reported] : images) check(image, reported);
  return result_;
}

void CheckpointSweep::work() {
  auto directory = open_for_writing(directory_.path(), {});
  IdSource ids(clock_, 0);
  auto committer =
      GroupCommitter::create(std::move(*directory->writing), directory->path, directory->totals, clock_, ids);
  Checkpointer checkpointer(std::move(*directory->checkpoints), **committer, {20, 50});
  for (int n = 1; n <= kCommits; ++n) {
    const auto change = change_of({store_write("ca", std::to_string(n % kKeys), StoreWrite::kAnyRevision,
                                               std::to_string(n) + std::string(9000, '.'))});
    const Change* const changes[] = {&*change};
    CommitResult results[] = {CommitResult::Failed};
    (*committer)->commit(changes, results);
    if (results[0] == CommitResult::Committed) reported_ = n;
    checkpointer.log_grew();
    if (n % kCommitsPerCheckpoint == 0) wait_for_checkpoint(n / kCommitsPerCheckpoint);
  }
}

void CheckpointSweep::wait_for_checkpoint(int cuts) {
  std::unique_lock lock(mutex_);
  cut_.wait_for(lock, std::chrono::seconds(10), [&] { return result_.cuts >= cuts; });
}

void CheckpointSweep::check(const std::filesystem::path& image, int reported) {
  JournalOptions options;
  options.directory = image;
  options.clock = &clock_;
  auto journal = open_journal(options);
  if (!journal) return result_.broken.push_back("does not open: " + journal.error().message);
  for (int n = std::max(1, reported - kKeys + 1); n <= reported; ++n) {
    const auto record = (*journal)->store_get("ca", as_bytes(std::to_string(n % kKeys)));
    if (!record || !*record || std::stoi(std::string(as_text((*record)->value))) < n) {
      result_.broken.push_back("write " + std::to_string(n) + " is lost");
    }
  }
}

}  // namespace

PowerCutSweep sweep_power_cuts_at_checkpoints() {
  return CheckpointSweep().run();
}

PowerCutSweep sweep_power_cuts() {
  return Sweep().run();
}

}  // namespace certspan::testing
