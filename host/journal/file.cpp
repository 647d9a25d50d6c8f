#include "host/journal/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace certspan {

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

File File::open(const std::filesystem::path& path, int flags, unsigned mode) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  return File(descriptor);
}

bool File::write(BytesView bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

Bytes File::read(std::size_t most) const {
  Bytes bytes(most);
  std::size_t size = 0;
  while (size < most) {
    const ssize_t got = ::read(descriptor_, bytes.data() + size, most - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

bool File::sync() const {
  return ::fsync(descriptor_) == 0;
}

bool sync_directory(const std::filesystem::path& directory) {
  const File opened = File::open(directory, O_RDONLY | O_DIRECTORY);
  return opened.is_open() && opened.sync();
}

std::string errno_text(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') {
    text.front() = static_cast<char>(text.front() - 'A' + 'a');
  }
  return text;
}

}  // namespace certspan
