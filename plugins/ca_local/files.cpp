#include "plugins/ca_local/files.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace certspan::ca_local {

namespace {

using pki::FaultKind;

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

/// A file that goes away with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

tl::unexpected<pki::Fault> system_fault(std::string_view verb, const std::filesystem::path& path) {
  const std::string reason = std::generic_category().message(errno);
  return pki::fault(FaultKind::Internal, "can't " + std::string(verb) + " " + path.string() + ": " + reason);
}

bool write_all(int file, pki::BytesView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// A name is on the disk only once its directory is.
pki::Result<void> sync_directory(const std::filesystem::path& file) {
  const std::filesystem::path parent = file.has_parent_path() ? file.parent_path() : ".";
  const FileDescriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return system_fault("sync directory", parent);
  return {};
}

enum class Existing { Refuse, Replace };

pki::Result<void> write_file(const std::filesystem::path& path, pki::BytesView content, FileAccess access,
                             Existing existing) {
  std::string pattern = path.string() + ".XXXXXX";
  // mkostemp makes the file with mode 0600: a key is never readable by others, not even for a moment.
  const FileDescriptor file(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!file.valid()) return system_fault("make a file beside", path);
  const TemporaryFile temporary(pattern);

  const mode_t mode = access == FileAccess::Owner ? 0600 : 0644;
  if (!write_all(file.get(), content) || ::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) {
    return system_fault("write", path);
  }
  if (existing == Existing::Replace) {
    if (::rename(temporary.path(), path.c_str()) != 0) return system_fault("write", path);
  } else if (::link(temporary.path(), path.c_str()) != 0) {
    // link, unlike rename, fails if the name is taken: two that run at once can't both win.
    if (errno != EEXIST) return system_fault("write", path);
    return pki::fault(FaultKind::Policy, path.string() + " is there already and is not replaced");
  }
  return sync_directory(path);
}

}  // namespace

pki::Result<pki::SecretBytes> read_file(const std::filesystem::path& path, std::size_t most) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return system_fault("open", path);
  pki::SecretBytes content(most + 1);
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.writable().data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_fault("read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > most) {
    return pki::fault(FaultKind::TooLarge,
                      path.string() + " is larger than " + std::to_string(most) + " bytes");
  }
  content.truncate(size);
  return content;
}

pki::Result<void> create_file(const std::filesystem::path& path, pki::BytesView content, FileAccess access) {
  return write_file(path, content, access, Existing::Refuse);
}

pki::Result<void> replace_file(const std::filesystem::path& path, pki::BytesView content, FileAccess access) {
  return write_file(path, content, access, Existing::Replace);
}

pki::Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error || (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)) {
    return system_fault("make directory", path);
  }
  return {};
}

}  // namespace certspan::ca_local
