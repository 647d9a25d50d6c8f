#include "host/journal/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

namespace certspan {
namespace {

constexpr const char* kFileName = "journal.lock";
constexpr std::size_t kMostDigits = 20;

bool try_lock(const File& file, int kind) {
  int result = 0;
  do {
    result = ::flock(file.descriptor(), kind | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

std::string holder(const File& file) {
  std::string digits;
  if (::lseek(file.descriptor(), 0, SEEK_SET) == 0) {
    for (const std::uint8_t byte : file.read(kMostDigits)) {
      if (byte < '0' || byte > '9') break;
      digits += static_cast<char>(byte);
    }
  }
  return digits.empty() ? "another process" : "process " + digits;
}

tl::unexpected<Error> locked(const std::filesystem::path& directory, const File& file) {
  return fail(Outcome::Unavailable, "journal.locked",
              "the journal in \"" + directory.string() + "\" is held by " + holder(file) +
                  ": ask the running host, or stop it first");
}

/// A reader that is just looking gives the lock back by itself; a host does not.
bool lock_after_readers(const File& file) {
  constexpr int kTries = 40;
  constexpr std::chrono::milliseconds kPause{50};
  for (int i = 0; i < kTries; ++i) {
    if (try_lock(file, LOCK_EX)) return true;
    if (!try_lock(file, LOCK_SH)) return false;
    if (try_lock(file, LOCK_EX)) return true;
    ::flock(file.descriptor(), LOCK_UN);
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

bool write_holder(const File& file) {
  const std::string text = std::to_string(::getpid()) + "\n";
  return ::ftruncate(file.descriptor(), 0) == 0 && ::lseek(file.descriptor(), 0, SEEK_SET) == 0 &&
         file.write(as_bytes(text));
}

}  // namespace

Result<DirectoryLock> DirectoryLock::hold(const std::filesystem::path& directory) {
  File file = File::open(directory / kFileName, O_RDWR | O_CREAT | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  const auto unwritable = [&] {
    return fail(Outcome::Unavailable, "journal.unwritable",
                "\"" + (directory / kFileName).string() + "\" can't be written: " + errno_text(errno));
  };
  if (!file.is_open()) return unwritable();
  if (!lock_after_readers(file)) return locked(directory, file);
  // A full disk must not keep a host from starting, the number is for a message only.
  if (!write_holder(file) && errno != ENOSPC) return unwritable();
  return DirectoryLock(std::move(file));
}

Result<DirectoryLock> DirectoryLock::share(const std::filesystem::path& directory) {
  File file = File::open(directory / kFileName, O_RDONLY | O_NOFOLLOW);
  if (!file.is_open()) {
    return fail(Outcome::Unavailable, "journal.missing",
                "there is no journal in \"" + directory.string() + "\": " + errno_text(errno));
  }
  if (!try_lock(file, LOCK_SH)) return locked(directory, file);
  return DirectoryLock(std::move(file));
}

}  // namespace certspan
