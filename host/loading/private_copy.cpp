#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "host/base/file_descriptor.hpp"
#include "host/loading/plugin_file.hpp"

namespace certspan {
namespace {

constexpr std::size_t kNameDigits = 12;
constexpr std::chrono::hours kAskedForLately{1};

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

tl::unexpected<Error> no_room(const std::filesystem::path& path, int error) {
  return fail(Outcome::Unavailable, "plugin.no_room",
              "a private copy can't be written to " + path.string() + ": " + reason_of(error) +
                  "; make room there or correct `host: data_dir:`");
}

/// Makes the directory if it is missing; one that is there must be ours alone.
Result<void> ensure_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return no_room(path, errno);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return no_room(path, errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
    return fail(Outcome::Invalid, "plugin.private_dir",
                path.string() +
                    " must be a directory of the user that runs the host and closed to others; "
                    "remove it, or run: chmod 700 " +
                    path.string());
  }
  return {};
}

/// A copy as write_copy leaves it; else a descriptor of nothing.
FileDescriptor open_copy(const std::filesystem::path& path, struct stat& status) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  const bool good = file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                    status.st_uid == ::geteuid() && (status.st_mode & 07777) == 0500;
  return good ? std::move(file) : FileDescriptor();
}

bool holds(const std::filesystem::path& path, BytesView bytes) {
  struct stat status {};
  const FileDescriptor file = open_copy(path, status);
  if (!file || static_cast<std::uint64_t>(status.st_size) != bytes.size()) return false;
  Bytes piece(64UL * 1024);
  while (!bytes.empty()) {
    const ssize_t got = ::read(file.get(), piece.data(), std::min(piece.size(), bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    const auto count = static_cast<std::size_t>(got);
    if (!equal(BytesView(piece).first(count), bytes.first(count))) return false;
    bytes = bytes.subspan(count);
  }
  return true;
}

bool is_copy_name(std::string_view name) {
  return name.size() == kNameDigits && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// 0, or errno.
int write_all(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return 0;
}

/// Writes beside and renames: a file that is mapped somewhere is never written to.
Result<void> write_copy(const std::filesystem::path& path, BytesView bytes) {
  std::string temporary = path.string() + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return no_room(path, errno);
  int error = write_all(file.get(), bytes);
  if (error == 0 && ::fchmod(file.get(), 0500) != 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(temporary.c_str());
  return no_room(path, error);
}

}  // namespace

Result<std::filesystem::path> make_private_copy(std::string_view id, const PluginFile& file,
                                                const std::filesystem::path& private_dir) {
  std::error_code error;
  std::filesystem::create_directories(private_dir.parent_path(), error);
  CERTSPAN_CHECK(ensure_directory(private_dir));
  const auto directory = private_dir / file.sha256.substr(0, kNameDigits);
  CERTSPAN_CHECK(ensure_directory(directory));
  auto path = std::filesystem::absolute(directory / (std::string(id) + ".so"));
  if (!holds(path, file.bytes)) CERTSPAN_CHECK(write_copy(path, file.bytes));
  if (file.signature && !holds(signature_path(path), as_bytes(*file.signature))) {
    CERTSPAN_CHECK(write_copy(signature_path(path), as_bytes(*file.signature)));
  }
  ::utimensat(AT_FDCWD, directory.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);  // when it was last used
  return path;
}

Result<Bytes> read_private_copy(const std::filesystem::path& copy) {
  struct stat status {};
  const FileDescriptor file = open_copy(copy, status);
  Bytes bytes(file ? static_cast<std::size_t>(status.st_size) : 0);
  std::size_t done = 0;
  while (file && done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  if (file && done == bytes.size()) return bytes;
  return fail(Outcome::Invalid, "plugin.private_dir",
              "the private copy " + copy.string() +
                  " was changed as soon as it was made; find out who writes there, it is for the host alone");
}

std::size_t sweep_private_copies(const std::filesystem::path& private_dir,
                                 std::span<const std::filesystem::path> used) {
  std::size_t removed = 0;
  std::error_code error;
  const auto eldest = std::filesystem::file_time_type::clock::now() - kAskedForLately;
  for (const auto& entry : std::filesystem::directory_iterator(private_dir, error)) {
    const bool is_used = std::ranges::any_of(
        used, [&](const auto& path) { return path.parent_path().filename() == entry.path().filename(); });
    if (is_used || !is_copy_name(entry.path().filename().string()) || entry.is_symlink(error) ||
        !entry.is_directory(error) || entry.last_write_time(error) > eldest || error) {
      continue;
    }
    if (std::filesystem::remove_all(entry.path(), error) > 0 && !error) ++removed;
  }
  return removed;
}

}  // namespace certspan
