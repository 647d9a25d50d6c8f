#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "probe/failure.hpp"
#include "probe/openssl_types.hpp"

namespace certspan::scep_probe {

/// An answer with status 200.
struct HttpAnswer {
  std::string content_type;  ///< in lower case, without parameters
  Bytes body;
};

/// The operations of one SCEP endpoint over HTTP. What is no answer with status 200 within limit and time is
/// a Failure that says where it broke: name, connection, TLS, HTTP. Redirections are not followed and the
/// environment's proxies not used. For one thread.
class HttpEndpoint {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  HttpEndpoint(std::string url, std::filesystem::path tls_ca, Deadline deadline);
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;
  ~HttpEndpoint();

  /// Whether the URL is one that can be asked.
  Result<void> check_url() const;

  /// GET with `operation`; `message` goes escaped, and is left out if empty.
  Result<HttpAnswer> get(const std::string& operation, const std::string& message, std::size_t most);
  /// POST of a PKIOperation.
  Result<HttpAnswer> post(BytesView message, std::size_t most);

  Deadline deadline() const { return deadline_; }

 private:
  Result<HttpAnswer> send(const std::string& operation, const std::string& message, const Bytes* body,
                          std::size_t most);

  std::string url_;
  std::filesystem::path tls_ca_;
  Deadline deadline_;
  void* handle_;  // CURL, which keeps its connection
};

}  // namespace certspan::scep_probe
