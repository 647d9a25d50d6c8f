#include "host/journal/key_file.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "host/base/failpoint.hpp"
#include "host/journal/file.hpp"

namespace certspan {
namespace {

tl::unexpected<Error> unusable(const std::filesystem::path& path, const std::string& why) {
  return fail(Outcome::Unavailable, "journal.key", "sealing key \"" + path.string() + "\": " + why);
}

/// Nothing else is overwritten, whatever somebody put there for root to find.
bool is_key_alone(const File& file) {
  struct stat status {};
  return ::fstat(file.descriptor(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
         status.st_size == static_cast<off_t>(SealingKey::Value{}.size());
}

/// Else a host that is not root could not read what root made for it.
bool give_to_owner_of(const std::filesystem::path& directory, const File& file) {
  struct stat owner {};
  struct stat own {};
  if (::stat(directory.c_str(), &owner) != 0 || ::fstat(file.descriptor(), &own) != 0) return false;
  if (own.st_uid != 0 || owner.st_uid == 0) return true;
  return ::fchown(file.descriptor(), owner.st_uid, owner.st_gid) == 0;
}

Result<void> wipe(const std::filesystem::path& path) {
  const File old = File::open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!old.is_open() && errno != ENOENT) return unusable(path, "can't be overwritten: " + errno_text(errno));
  if (old.is_open() && !is_key_alone(old)) {
    return unusable(path, "is not a key's file, or has a second name: move it away");
  }
  if (old.is_open() && (!old.write(SealingKey::Value{}) || !old.sync())) {
    return unusable(path, "can't be overwritten: " + errno_text(errno));
  }
  return {};
}

}  // namespace

Result<std::optional<SealingKey>> read_key_file(const std::filesystem::path& path) {
  const File file = File::open(path, O_RDONLY | O_NOFOLLOW);
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return unusable(path, errno_text(errno));
  }
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return unusable(path, errno_text(errno));
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return unusable(path, "open to others than its owner: chmod 600 it");
  }
  SealingKey::Value value{};
  Bytes bytes = file.read(value.size() + 1);
  const bool whole = bytes.size() == value.size();
  if (whole) std::copy(bytes.begin(), bytes.end(), value.begin());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  if (!whole) return unusable(path, "is not 32 bytes long: put the right one back from a backup");
  SealingKey key(value);
  OPENSSL_cleanse(value.data(), value.size());
  return key;
}

Result<SealingKey> make_key_file(const std::filesystem::path& path) {
  SealingKey::Value value{};
  if (RAND_bytes(value.data(), static_cast<int>(value.size())) != 1) {
    return unusable(path, "the machine gives no random numbers");
  }
  SealingKey key(value);
  OPENSSL_cleanse(value.data(), value.size());
  // Under another name first: a key file that exists is always whole.
  const std::filesystem::path fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  const File file = File::open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (!file.is_open() || !give_to_owner_of(path.parent_path(), file) || !file.write(key.value()) ||
      !file.sync() || ::rename(fresh.c_str(), path.c_str()) != 0 || !sync_directory(path.parent_path())) {
    return unusable(path, "can't be made: " + errno_text(errno));
  }
  return key;
}

Result<void> replace_key_file(const std::filesystem::path& path, const std::filesystem::path& next) {
  CERTSPAN_CHECK(wipe(path));
  CERTSPAN_FAILPOINT("rotate.wiped");
  if (::rename(next.c_str(), path.c_str()) != 0 || !sync_directory(path.parent_path())) {
    return unusable(path, "can't be replaced: " + errno_text(errno));
  }
  return {};
}

Result<void> remove_key_file(const std::filesystem::path& path) {
  CERTSPAN_CHECK(wipe(path));
  const bool gone = ::unlink(path.c_str()) == 0 || errno == ENOENT;
  if (!gone || !sync_directory(path.parent_path()))
    return unusable(path, "can't be removed: " + errno_text(errno));
  return {};
}

}  // namespace certspan
