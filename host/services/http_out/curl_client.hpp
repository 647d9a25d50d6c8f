#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "host/services/http_out/outgoing.hpp"

namespace certspan {

struct HttpOutOptions {
  std::string proxy;  ///< "http://proxy.example:3128"; empty: none, whatever the environment says
  std::vector<std::string> no_proxy;  ///< hosts, and domains with all below them, that are asked directly
  std::chrono::milliseconds connect_timeout{10'000};  ///< for name, connection, tunnel and TLS together
};

/// Outgoing over libcurl, which stays inside. One policy: HTTP/1.1, http and https only, TLS 1.2 or later,
/// server certificate and name always verified, no redirects followed, no cookies, nothing taken from the
/// environment.
///
/// A request that may do something is given to the network once: libcurl's own repetition on a kept
/// connection that broke is refused as soon as a byte has left.
class CurlClient final : public Outgoing {
 public:
  explicit CurlClient(HttpOutOptions options);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  OutgoingResult send(std::string_view connector, const OutgoingRequest& request) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace certspan
