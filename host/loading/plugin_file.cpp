#include "host/loading/plugin_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <openssl/sha.h>

#include "host/base/file_descriptor.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLongestId = 128;
constexpr off_t kLargestFile = 256L * 1024 * 1024;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

std::string reason(int error) {
  return std::generic_category().message(error);
}

tl::unexpected<Error> unsafe(const std::filesystem::path& path, const std::string& why,
                             const std::string& what_to_do) {
  return fail(Outcome::Invalid, "plugin.unsafe_permissions",
              path.string() + " " + why + ", so others could run code in the host; " + what_to_do);
}

tl::unexpected<Error> unreadable(const std::filesystem::path& path, int error) {
  return fail(Outcome::Unavailable, "plugin.unreadable", path.string() + ": " + reason(error));
}

tl::unexpected<Error> too_large(const std::filesystem::path& path) {
  return fail(Outcome::Invalid, "plugin.too_large",
              path.string() + " is larger than 256 MiB; that is no plugin");
}

bool owned_by_root_or_us(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

Result<void> check_owner(const std::filesystem::path& path, const struct stat& status) {
  if (owned_by_root_or_us(status)) return {};
  return unsafe(path, "belongs to user " + std::to_string(status.st_uid), "run: chown root " + path.string());
}

/// `path` is canonical, so no link stands in it.
Result<void> check_directories(const std::filesystem::path& path) {
  for (std::filesystem::path each = path;; each = each.parent_path()) {
    struct stat status {};
    if (::lstat(each.c_str(), &status) != 0) {
      return unreadable(each, errno);
    }
    CERTSPAN_CHECK(check_owner(each, status));
    const bool writable = (status.st_mode & kOthersWrite) != 0;
    const bool sticky_above = each != path && (status.st_mode & S_ISVTX) != 0;
    if (writable && !sticky_above) {
      return unsafe(each, "is writable for group or others", "run: chmod go-w " + each.string());
    }
    if (each == each.root_path()) return {};
  }
}

Result<void> check_file(const std::filesystem::path& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return unsafe(path, "is no regular file", "put the plugin's file there");
  CERTSPAN_CHECK(check_owner(path, status));
  if ((status.st_mode & kOthersWrite) != 0) {
    return unsafe(path, "is writable for group or others", "run: chmod go-w " + path.string());
  }
  if ((status.st_mode & (S_ISUID | S_ISGID)) != 0) {
    return unsafe(path, "is setuid or setgid, which no plugin is", "run: chmod ug-s " + path.string());
  }
  if (status.st_size > kLargestFile) return too_large(path);
  return {};
}

Result<Bytes> read_all(int fd, std::size_t size, const std::filesystem::path& path) {
  Bytes bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno);
    if (got == 0) break;  // shortened under our eyes; the ELF reader says what is missing
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

/// Opens it for reading, whatever it is: a FIFO under that name must not hold the host up.
FileDescriptor open_in(int directory, const std::string& name) {
  return FileDescriptor(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
}

/// Whoever wrote it has signed or has not, so its permissions don't matter.
Result<std::optional<std::string>> read_signature(int directory, const std::filesystem::path& path) {
  const auto place = signature_path(path);
  const FileDescriptor file = open_in(directory, place.filename().string());
  if (!file && errno == ENOENT) return std::optional<std::string>();
  if (!file && errno == ELOOP) return unsafe(place, "is a symbolic link", "put the file itself there");
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return unreadable(place, errno);
  if (!S_ISREG(status.st_mode)) return unsafe(place, "is no regular file", "put the signature's file there");
  const auto size =
      std::min<std::size_t>(static_cast<std::size_t>(status.st_size), kLargestSignatureFile + 1);
  CERTSPAN_TRY(const Bytes bytes, read_all(file.get(), size, place));
  return std::optional<std::string>(as_text(bytes));
}

Result<PluginFile> read_open_file(int directory, const FileDescriptor& file, const struct stat& status,
                                  const std::filesystem::path& path) {
  PluginFile found;
  found.path = path;
  CERTSPAN_TRY(found.bytes, read_all(file.get(), static_cast<std::size_t>(status.st_size), path));
  found.sha256 = sha256_hex(found.bytes);
  found.owner = status.st_uid;
  struct stat above {};
  if (::fstat(directory, &above) != 0) return unreadable(path.parent_path(), errno);
  found.directory_owner = above.st_uid;
  CERTSPAN_TRY(found.signature, read_signature(directory, path));
  return found;
}

/// Nothing when the directory has no such file.
Result<std::optional<PluginFile>> read_from(const std::filesystem::path& dir, const std::string& name) {
  std::error_code error;
  const auto real = std::filesystem::canonical(dir, error);
  if (error == std::errc::no_such_file_or_directory) return std::optional<PluginFile>();
  if (error) return fail(Outcome::Unavailable, "plugin.unreadable", dir.string() + ": " + error.message());

  const auto path = real / name;
  const FileDescriptor directory(::open(real.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const FileDescriptor file = open_in(directory.get(), name);
  if (!file) {
    if (errno == ENOENT) return std::optional<PluginFile>();
    if (errno == ELOOP) return unsafe(path, "is a symbolic link", "put the file itself there");
    return unreadable(path, errno);
  }
  CERTSPAN_CHECK(check_directories(real));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return unreadable(path, errno);
  CERTSPAN_CHECK(check_file(path, status));
  CERTSPAN_TRY(PluginFile found, read_open_file(directory.get(), file, status, path));
  return std::optional<PluginFile>(std::move(found));
}

tl::unexpected<Error> bad_id() {
  return fail(Outcome::Invalid, "plugin.bad_id",
              "this is no plugin id; ids are lower-case words like \"ndes\" or \"com.acme.ca\"");
}

std::string list_of(std::span<const std::filesystem::path> dirs) {
  std::string text;
  for (const auto& dir : dirs) text += (text.empty() ? "" : ", ") + dir.string();
  return text.empty() ? "(no directory is configured)" : text;
}

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

PluginEvidence evidence_of(const PluginFile& file, std::string_view id, std::string_view sha256) {
  return {.id = id,
          .sha256 = sha256,
          .directory = file.path.parent_path(),
          .file_owner = file.owner,
          .directory_owner = file.directory_owner,
          .signature = file.signature};
}

bool is_plugin_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), is_id_character) &&
         id.front() != '.' && id.front() != '-' && id.back() != '.' &&
         id.find("..") == std::string_view::npos;
}

std::string sha256_hex(BytesView bytes) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return to_hex(digest);
}

Result<PluginFile> read_plugin_file(std::string_view id, std::span<const std::filesystem::path> dirs) {
  if (!is_plugin_id(id)) return bad_id();
  const std::string name = std::string(id) + ".so";
  for (const auto& dir : dirs) {
    CERTSPAN_TRY(auto file, read_from(dir, name));
    if (file) return std::move(*file);
  }
  return fail(Outcome::Invalid, "plugin.missing",
              "there is no " + name + " in " + list_of(dirs) +
                  "; install the plugin, or correct its name or `plugins: dirs:`");
}

Result<PluginFile> read_plugin_at(const std::filesystem::path& path) {
  if (path.extension() != ".so" || !is_plugin_id(path.stem().string())) return bad_id();
  return read_plugin_anywhere(path);
}

Result<PluginFile> read_plugin_anywhere(const std::filesystem::path& path) {
  const auto absolute = std::filesystem::absolute(path);
  CERTSPAN_TRY(auto file, read_from(absolute.parent_path(), absolute.filename().string()));
  if (file) return std::move(*file);
  return fail(Outcome::Invalid, "plugin.missing", "there is no such file");
}

Result<PluginFile> read_any_file(const std::filesystem::path& path) {
  const auto absolute = std::filesystem::absolute(path);
  const FileDescriptor directory(::open(absolute.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const FileDescriptor file(::open(absolute.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT) return fail(Outcome::Invalid, "plugin.missing", "there is no such file");
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return unreadable(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return fail(Outcome::Invalid, "plugin.unreadable", path.string() + " is no regular file");
  }
  if (status.st_size > kLargestFile) return too_large(path);
  return read_open_file(directory.get(), file, status, absolute);
}

}  // namespace certspan
