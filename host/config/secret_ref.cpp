#include "host/config/secret_ref.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace certspan {
namespace {

constexpr std::size_t kLargestSecret = 64UL * 1024;

/// A file descriptor that closes itself.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> path_of(const SecretRef& ref) {
  if (ref.store == SecretRef::Store::File) return ref.name;
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return fail(Outcome::Unavailable, "secret.no_credentials",
                fmt::format("{} needs a credential, but CREDENTIALS_DIRECTORY is not set; run as a systemd "
                            "service with LoadCredential=, or use ${{file:...}}",
                            to_string(ref)));
  }
  return (std::filesystem::path(directory) / ref.name).string();
}

tl::unexpected<Error> unreadable(const SecretRef& ref, int error) {
  return fail(Outcome::Unavailable, error == ENOENT ? "secret.missing" : "secret.unreadable",
              fmt::format("{} cannot be read: {}", to_string(ref), std::strerror(error)));
}

/// Fills `buffer`; the number of bytes, or errno as a negative number.
ssize_t read_all(int fd, Bytes& buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(filled);
}

std::size_t without_newline(BytesView content) {
  const auto newline = std::find(content.begin(), content.end(), std::uint8_t{'\n'});
  if (newline == content.end() || newline + 1 != content.end()) return content.size();
  const std::size_t size = content.size() - 1;
  return size > 0 && content[size - 1] == '\r' ? size - 1 : size;
}

}  // namespace

std::string to_string(const SecretRef& ref) {
  return fmt::format("${{{}:{}}}", ref.store == SecretRef::Store::File ? "file" : "credential", ref.name);
}

Result<Secret> read_secret(const SecretRef& ref) {
  CERTSPAN_TRY(const std::string path, path_of(ref));
  const OpenFile file(path);
  if (file.fd() < 0) return unreadable(ref, errno);
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return unreadable(ref, errno);
  if (S_ISDIR(status.st_mode)) return unreadable(ref, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    return fail(Outcome::Invalid, "secret.no_file", fmt::format("{} is no regular file", to_string(ref)));
  }
  // One buffer of the largest size, so that nothing is left behind in buffers that a vector outgrew.
  Bytes buffer(kLargestSecret + 1);
  const ssize_t got = read_all(file.fd(), buffer);
  const Secret whole(std::move(buffer));
  if (got < 0) return unreadable(ref, static_cast<int>(-got));
  const auto size = static_cast<std::size_t>(got);
  if (size > kLargestSecret) {
    return fail(Outcome::Invalid, "secret.too_large",
                fmt::format("{} is larger than {} bytes", to_string(ref), kLargestSecret));
  }
  const BytesView content = whole.reveal().first(size);
  const BytesView kept = content.first(without_newline(content));
  if (kept.empty()) return fail(Outcome::Invalid, "secret.empty", fmt::format("{} is empty", to_string(ref)));
  return Secret(copy_of(kept));
}

}  // namespace certspan
