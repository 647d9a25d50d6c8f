#include "host/base/text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace certspan {
namespace {

/// Closes a file descriptor when its scope ends.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> file_error(const char* code, const char* doing, const std::filesystem::path& path) {
  return fail(Outcome::Unavailable, code,
              std::string(doing) + " \"" + path.string() + "\": " + std::strerror(errno));
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t most) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return file_error("file.unreadable", "can't open", path);
  std::string content(most + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("file.unreadable", "can't read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > most) {
    return fail(Outcome::Invalid, "file.unreadable",
                "\"" + path.string() + "\" is larger than " + std::to_string(most) + " bytes");
  }
  content.resize(size);
  return content;
}

Result<void> write_new_file(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const OpenFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return file_error("file.unwritable", "can't make", path);
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("file.unwritable", "can't write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return file_error("file.unwritable", "can't sync", path);
  return {};
}

}  // namespace certspan
