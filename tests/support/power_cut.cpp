// Put under a whole host with LD_PRELOAD: its journal stands on a disk that keeps only what was synced
// (fault_vfs.hpp), and the power can be cut. CERTSPAN_TEST_POWER is the path of a FIFO, into which goes one
// line
//   WHEN KEPT SEED DIRECTORY
// WHEN: `now`, or `sync`: a moment after the next sync was asked for, before any of it is done. KEPT of what
// was not synced: `nothing`, `all`, `some`. What the disk then holds is written into DIRECTORY, and the
// process is killed before another operation reaches the disk. If CERTSPAN_TEST_UNSYNCED is set, every
// `synchronous=FULL` is turned into OFF on its way to SQLite.
#include <dlfcn.h>
#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/fault_vfs.hpp"

namespace {

using certspan::testing::FaultVfs;

/// Long enough for a reply that does not wait for the sync to get out.
constexpr std::chrono::milliseconds kBeforeSync{30};

struct Order {
  std::string when;
  FaultVfs::Cut kept = FaultVfs::Cut::KeepsNothing;
  std::uint32_t seed = 0;
  std::filesystem::path directory;
};

bool unsynced = false;
Order order;
std::atomic<bool> at_next_sync{false};

Order read_order(const char* path) {
  std::ifstream fifo(path);  // waits for a writer
  Order read;
  std::string kept;
  fifo >> read.when >> kept >> read.seed >> read.directory;
  if (kept == "all") read.kept = FaultVfs::Cut::KeepsAll;
  if (kept == "some") read.kept = FaultVfs::Cut::KeepsSome;
  return read;
}

void cut(const FaultVfs& disk) {
  disk.survive(order.directory, order.kept, order.seed);
  ::kill(::getpid(), SIGKILL);
}

void wait_for_order(FaultVfs& disk, const std::string& fifo) {
  order = read_order(fifo.c_str());
  if (order.when == "sync") {
    at_next_sync = true;
  } else {
    disk.hold_while([&] { cut(disk); });
  }
}

/// The host's signals are not for the thread that waits.
void start_waiting(FaultVfs& disk, const char* fifo) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([&disk, path = std::string(fifo)] { wait_for_order(disk, path); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

__attribute__((constructor)) void stand_under_sqlite() {
  ::unsetenv("LD_PRELOAD");  // this process, not its children
  const char* fifo = std::getenv("CERTSPAN_TEST_POWER");
  if (fifo == nullptr) return;
  unsynced = std::getenv("CERTSPAN_TEST_UNSYNCED") != nullptr;
  static FaultVfs& disk = *new FaultVfs();  // until the process is gone
  disk.before_sync([](const std::filesystem::path&) {
    if (!at_next_sync) return;
    std::this_thread::sleep_for(kBeforeSync);
    cut(disk);
  });
  start_waiting(disk, fifo);
}

}  // namespace

// Stands before the library's own.
extern "C" __attribute__((visibility("default"))) int sqlite3_exec(sqlite3* database, const char* sql,
                                                                   int (*callback)(void*, int, char**,
                                                                                   char**),
                                                                   void* context, char** errmsg) {
  static const auto real = reinterpret_cast<decltype(&sqlite3_exec)>(::dlsym(RTLD_NEXT, "sqlite3_exec"));
  constexpr std::string_view kSynced = "synchronous=FULL";
  std::string text(sql);
  const std::size_t at = text.find(kSynced);
  if (unsynced && at != std::string::npos) text.replace(at, kSynced.size(), "synchronous=OFF");
  return real(database, text.c_str(), callback, context, errmsg);
}
