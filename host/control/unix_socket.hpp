#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "host/base/file_descriptor.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// Where the service's socket is; the host makes it, for /run is empty after a boot.
inline constexpr const char* kServiceDirectory = "/run/certspan";

/// A connection to the host that listens at `path`, with `timeout` for each read and write. Errors:
/// control.no_host when nobody does, control.not_allowed when this user can't get to the socket.
Result<FileDescriptor> connect_to(const std::filesystem::path& path, std::chrono::milliseconds timeout);

/// A listening socket at a path of the file system. Anyone on the machine who can reach the path may connect;
/// the file goes with the object, unless another host has put its own there meanwhile.
class SocketFile {
 public:
  /// Replaces a socket that nobody listens at any more, and nothing else. Errors: control.in_use,
  /// control.cannot_listen.
  static Result<SocketFile> create(const std::filesystem::path& path);
  ~SocketFile();
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&&) = delete;

  /// Non-blocking. Once.
  FileDescriptor take_listener() { return std::move(listener_); }

 private:
  SocketFile() = default;

  std::filesystem::path path_;
  FileDescriptor listener_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Sends all of `line` and a newline. False: the peer has gone or does not read.
bool send_line(const FileDescriptor& socket, std::string line);
/// The next line without its newline; `rest` keeps what came after it. Nothing: the peer has gone, waited too
/// long, or the line is longer than `most`.
std::optional<std::string> receive_line(const FileDescriptor& socket, std::string& rest, std::size_t most);

}  // namespace certspan
