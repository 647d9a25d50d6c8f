#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/services/http_out/curl_client.hpp"

namespace certspan::test {

/// tests/host/services/http_out/outside_world.py, running; ended by the destructor.
class OutsideWorld {
 public:
  OutsideWorld();
  ~OutsideWorld();
  OutsideWorld(const OutsideWorld&) = delete;
  OutsideWorld& operator=(const OutsideWorld&) = delete;

  /// "http://127.0.0.1:PORT" of one of its servers; of the TLS ones "https://localhost:PORT".
  std::string at(const std::string& server) const;
  Bytes file(const std::string& name) const;
  /// The requests that its servers read since the last question: "POST /ok 5", in order.
  std::vector<std::string> seen() const;
  /// The same with the heads, as JSON.
  nlohmann::json record() const;

 private:
  std::filesystem::path folder_;
  std::FILE* program_ = nullptr;
  nlohmann::json ports_;
};

/// A request with 20 seconds of time.
OutgoingRequest request_to(const std::string& url, std::string_view method = "GET",
                           std::string_view body = {});
Secret line(std::string_view text);

}  // namespace certspan::test
