#include "host/base/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/base/file_descriptor.hpp"

namespace certspan {
namespace {

tl::unexpected<Error> file_error(const char* code, const char* doing, const std::filesystem::path& path) {
  return fail(Outcome::Unavailable, code,
              std::string(doing) + " \"" + path.string() + "\": " + std::strerror(errno));
}

/// Room for the whole file and one octet more, or for `most` where a file does not say how long it is. Made
/// at once: content that is secret must not be left behind by a string that grows.
std::string room_for(const FileDescriptor& file, std::size_t most) {
  struct stat status {};
  const bool said = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  const std::size_t size = said ? std::min(most, static_cast<std::size_t>(status.st_size)) : most;
  return std::string(size + 1, '\0');
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t most) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return file_error("file.unreadable", "can't open", path);
  std::string content = room_for(file, most);
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
  if (size == content.size()) {
    return fail(Outcome::Unavailable, "file.unreadable",
                "\"" + path.string() + "\" grew while it was read: try again");
  }
  content.resize(size);
  return content;
}

Result<void> write_new_file(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file) return file_error("file.unwritable", "can't make", path);
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
