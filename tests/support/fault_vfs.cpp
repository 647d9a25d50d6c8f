#include "tests/support/fault_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace certspan::testing {
namespace {

using Content = std::vector<char>;

constexpr std::size_t kSector = 512;

struct Pending {
  std::size_t offset = 0;
  Content bytes;
  bool truncates = false;  ///< to `offset`
};

/// A file as the disk holds it.
struct Disk {
  Content durable;
  std::vector<Pending> pending;
};

void put(Content& content, std::size_t offset, const char* bytes, std::size_t size) {
  if (content.size() < offset + size) content.resize(offset + size);
  std::copy(bytes, bytes + size, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

void apply(Content& content, const Pending& change) {
  if (change.truncates) {
    content.resize(std::min(content.size(), change.offset));
  } else {
    put(content, change.offset, change.bytes.data(), change.bytes.size());
  }
}

void apply_some(Content& content, const Pending& change, std::mt19937& dice) {
  if (change.truncates) {
    if (dice() % 2 == 0) apply(content, change);
    return;
  }
  for (std::size_t at = 0; at < change.bytes.size(); at += kSector) {
    const std::size_t size = std::min(kSector, change.bytes.size() - at);
    if (dice() % 2 == 0) put(content, change.offset + at, change.bytes.data() + at, size);
  }
}

Content read_all(const char* path) {
  std::error_code none;
  const auto size = std::filesystem::file_size(path, none);
  Content content(none ? 0 : size);
  std::ifstream(path, std::ios::binary).read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

}  // namespace

struct FaultVfs::State {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;

  mutable std::recursive_mutex mutex;  ///< a hook may look while an operation holds it
  std::map<std::string, Disk> disks;
  Operation failing = Operation::Write;
  int until_fault = 0;  ///< 0: none is set
  Fault fault = Fault::InputOutput;
  bool full = false;
  int met = 0;
  std::chrono::milliseconds sync_delay{0};
  std::function<void(const std::filesystem::path&)> before_sync;

  /// Whether this operation meets a fault.
  std::optional<Fault> count(Operation operation) {
    if (full && operation == Operation::Write) {
      ++met;
      return Fault::NoSpace;
    }
    if (until_fault == 0 || operation != failing || --until_fault > 0) return std::nullopt;
    ++met;
    full = fault == Fault::NoSpace;
    return fault;
  }
};

namespace {

using State = FaultVfs::State;

/// What SQLite holds as a file; the real one stands behind it in the same memory.
struct File {
  sqlite3_file base;
  State* state;
  const char* path;  ///< null: not tracked, a temporary file
};

File* mine(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(mine(file) + 1);
}

int close_file(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), to, size, offset);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  State& state = *mine(file)->state;
  const std::lock_guard lock(state.mutex);
  const auto fault = state.count(FaultVfs::Operation::Write);
  const int written = !fault ? size : *fault == FaultVfs::Fault::NoSpace ? size / 2 : 0;
  if (mine(file)->path != nullptr) {
    const char* bytes = static_cast<const char*>(from);
    state.disks[mine(file)->path].pending.push_back(
        {static_cast<std::size_t>(offset), Content(bytes, bytes + written), false});
  }
  const int result =
      written == 0 ? SQLITE_OK : real(file)->pMethods->xWrite(real(file), from, written, offset);
  if (!fault) return result;
  return *fault == FaultVfs::Fault::NoSpace ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  State& state = *mine(file)->state;
  const std::lock_guard lock(state.mutex);
  if (mine(file)->path != nullptr) {
    state.disks[mine(file)->path].pending.push_back({static_cast<std::size_t>(size), {}, true});
  }
  return real(file)->pMethods->xTruncate(real(file), size);
}

/// The real sync is left out: what it would do stands in `durable`.
int sync_file(sqlite3_file* file, int) {
  State& state = *mine(file)->state;
  const std::lock_guard lock(state.mutex);
  if (mine(file)->path == nullptr) return SQLITE_OK;
  if (state.before_sync) state.before_sync(mine(file)->path);
  if (state.sync_delay.count() > 0) std::this_thread::sleep_for(state.sync_delay);
  if (state.count(FaultVfs::Operation::Sync)) return SQLITE_IOERR_FSYNC;
  Disk& disk = state.disks[mine(file)->path];
  for (const Pending& change : disk.pending) apply(disk.durable, change);
  disk.pending.clear();
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_reserved(sqlite3_file* file, int* result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
int control(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

/// Version 2: with shared memory, without the mapping of database pages.
constexpr sqlite3_io_methods kMethods = {
    2,         close_file,  read_file,      write_file, truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_reserved, control,    sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,      nullptr,    nullptr};

State& state_of(sqlite3_vfs* vfs) {
  return *static_cast<State*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  constexpr int kTracked = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
  State& state = state_of(vfs);
  mine(file)->base.pMethods = nullptr;
  mine(file)->state = &state;
  mine(file)->path = path != nullptr && (flags & kTracked) != 0 ? path : nullptr;
  const int result = state.real->xOpen(state.real, path, real(file), flags, out_flags);
  if (result != SQLITE_OK) return result;
  mine(file)->base.pMethods = &kMethods;
  if (mine(file)->path == nullptr) return SQLITE_OK;
  const std::lock_guard lock(state.mutex);
  if (const auto [disk, fresh] = state.disks.try_emplace(path); fresh) disk->second.durable = read_all(path);
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  State& state = state_of(vfs);
  const std::lock_guard lock(state.mutex);
  state.disks.erase(path);
  return state.real->xDelete(state.real, path, sync_directory);
}

}  // namespace

FaultVfs::FaultVfs() : state_(std::make_unique<State>()) {
  state_->real = sqlite3_vfs_find("unix");
  sqlite3_vfs& vfs = state_->vfs;
  vfs = *state_->real;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->real->szOsFile;
  vfs.zName = "certspan-fault";
  vfs.pAppData = state_.get();
  vfs.pNext = nullptr;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  sqlite3_vfs_register(&vfs, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->real, 1);
}

void FaultVfs::fail(Operation operation, int nth, Fault fault) {
  const std::lock_guard lock(state_->mutex);
  state_->failing = operation;
  state_->until_fault = nth;
  state_->fault = fault;
}

void FaultVfs::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->until_fault = 0;
  state_->full = false;
}

int FaultVfs::met() const {
  const std::lock_guard lock(state_->mutex);
  return state_->met;
}

void FaultVfs::delay_syncs(std::chrono::milliseconds delay) {
  const std::lock_guard lock(state_->mutex);
  state_->sync_delay = delay;
}

void FaultVfs::before_sync(std::function<void(const std::filesystem::path&)> hook) {
  const std::lock_guard lock(state_->mutex);
  state_->before_sync = std::move(hook);
}

void FaultVfs::hold_while(const std::function<void()>& work) const {
  const std::lock_guard lock(state_->mutex);
  work();
}

void FaultVfs::survive(const std::filesystem::path& directory, Cut cut, std::uint32_t seed) const {
  const std::lock_guard lock(state_->mutex);
  std::mt19937 dice(seed);
  for (const auto& [path, disk] : state_->disks) {
    Content content = disk.durable;
    for (const Pending& change : disk.pending) {
      if (cut == Cut::KeepsAll) apply(content, change);
      if (cut == Cut::KeepsSome) apply_some(content, change, dice);
    }
    std::ofstream out(directory / std::filesystem::path(path).filename(), std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  }
}

}  // namespace certspan::testing
