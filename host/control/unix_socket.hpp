#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "host/base/result.hpp"

namespace certspan {

/// Owns an open file descriptor. Moved, not copied.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int release();

  int fd_ = -1;
};

/// A connection to the host that listens at `path`. Error control.no_host when nobody does.
Result<FileDescriptor> connect_to(const std::filesystem::path& path, std::chrono::milliseconds timeout);
/// A socket that listens at `path`, which must not exist; anyone on the machine may connect.
Result<FileDescriptor> listen_at(const std::filesystem::path& path);

/// Sends all of `line` and a newline. False: the peer has gone or does not read.
bool send_line(const FileDescriptor& socket, std::string line);
/// The next line without its newline; `rest` keeps what came after it. Nothing: the peer has gone, waited too
/// long, or the line is longer than `most`.
std::optional<std::string> receive_line(const FileDescriptor& socket, std::string& rest, std::size_t most);

void set_timeout(const FileDescriptor& socket, std::chrono::milliseconds timeout);

}  // namespace certspan
