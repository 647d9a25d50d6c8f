#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace certspan::test {

struct RawResponse {
  unsigned status = 0;
  std::map<std::string, std::string> fields;  ///< names in lower case
  std::string body;

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  }
};

/// A TCP client that sends any bytes it is told to and reads responses by their Content-Length. It shares no
/// code with the server. All reads give up after `patience`.
class RawClient {
 public:
  /// Only a socket.
  RawClient();
  /// Connected to 127.0.0.1, or not, if that was refused.
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connect(std::uint16_t port);
  bool connected() const { return connected_; }
  /// Whether all bytes were taken.
  bool send(std::string_view bytes);
  /// The next response, or nothing if the connection ended or nothing came.
  std::optional<RawResponse> response(bool with_body = true);
  /// The next bytes up to and including `end`.
  std::optional<std::string> until(std::string_view end);
  /// Whether the server ends the connection (orderly or not) without another byte.
  bool ends();
  void half_close();
  void close();
  int fd() const { return fd_; }

  std::chrono::milliseconds patience{10'000};

 private:
  bool fill();

  int fd_ = -1;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace certspan::test
