#include "host/app/output_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace certspan {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} * 1024;

volatile std::sig_atomic_t interrupted = 0;

/// Whoever ends the command gets no half of a file, under whatever name.
void heed_interrupts() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(number, &action, nullptr);
  }
}

tl::unexpected<Error> taken(const std::filesystem::path& path) {
  return fail(Outcome::Rejected, "file.exists",
              "\"" + path.string() + "\" is there already, and nothing is overwritten: give another name");
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  if (path.empty()) {
    // A pipe that nobody reads is told by the write.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    return OutputFile(File(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)), {}, {});
  }
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0) return taken(path);
  const auto partial =
      directory_of(path) / ("." + path.filename().string() + "." + std::to_string(::getpid()) + ".part");
  File file = File::open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  const int error = errno;
  heed_interrupts();
  OutputFile output(std::move(file), path, partial);
  if (output.file_.is_open()) return output;
  output.partial_.clear();
  return output.failed(error);
}

OutputFile::~OutputFile() {
  if (!partial_.empty()) ::unlink(partial_.c_str());
}

Result<void> OutputFile::write(std::string_view text) {
  if (interrupted != 0) {
    return fail(Outcome::Cancelled, "file.interrupted",
                "interrupted: \"" + path_.string() + "\" was not made");
  }
  waiting_ += text;
  return waiting_.size() < kBuffer ? Result<void>() : flush();
}

Result<void> OutputFile::flush() {
  if (!file_.write(as_bytes(waiting_))) return failed(errno);
  waiting_.clear();
  return {};
}

Result<void> OutputFile::finish() {
  CERTSPAN_CHECK(flush());
  if (path_.empty()) return {};
  if (!file_.sync()) return failed(errno);
  CERTSPAN_CHECK(give_name());
  if (!sync_directory(directory_of(path_))) return failed(errno);
  return {};
}

/// A file system without this kind of renaming has links, or can't be written to safely.
Result<void> OutputFile::give_name() {
  int error = 0;
  if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) {
    partial_.clear();
    return {};
  }
  error = errno;
  if (error == EINVAL || error == ENOSYS) {
    if (::link(partial_.c_str(), path_.c_str()) == 0) return {};  // the destructor removes the other name
    error = errno;
  }
  if (error == EEXIST) return taken(path_);
  return failed(error);
}

tl::unexpected<Error> OutputFile::failed(int error) const {
  const std::string what = path_.empty() ? "standard output" : "\"" + path_.string() + "\"";
  return fail(Outcome::Unavailable, "file.unwritable", what + " can't be written: " + errno_text(error));
}

}  // namespace certspan
