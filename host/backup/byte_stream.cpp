#include "host/backup/byte_stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include <openssl/crypto.h>

namespace certspan::backup {
namespace {

tl::unexpected<Error> file_error(const char* code, const std::string& name, const char* what) {
  return fail(Outcome::Unavailable, code, "\"" + name + "\" can't be " + what + ": " + errno_text(errno));
}

}  // namespace

PassingBytes::~PassingBytes() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Result<void> FileSink::write(BytesView bytes) {
  if (file_.write(bytes)) return {};
  return file_error("backup.unwritable", name_, "written");
}

Result<void> FileSink::sync() {
  if (file_.sync()) return {};
  return file_error("backup.unwritable", name_, "synced");
}

Result<FileSource> FileSource::open(const std::filesystem::path& path) {
  File file = File::open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (!file.is_open() || ::fstat(file.descriptor(), &status) != 0) {
    return file_error("backup.unreadable", path.string(), "read");
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Outcome::Invalid, "backup.unreadable", "\"" + path.string() + "\" is no regular file");
  }
  return FileSource(std::move(file), path.string());
}

Result<std::size_t> FileSource::read(std::span<std::uint8_t> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    const ssize_t got = ::read(file_.descriptor(), into.data() + size, into.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("backup.unreadable", name_, "read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

Result<void> copy(ByteSource& source, ByteSink& sink) {
  PassingBytes buffer(kChunk);
  for (;;) {
    CERTSPAN_TRY(const std::size_t got, source.read(buffer.all()));
    if (got == 0) return {};
    CERTSPAN_CHECK(sink.write(buffer.first(got)));
  }
}

}  // namespace certspan::backup
