// HTTP to the tenant's services, one exchange at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/host.hpp>

#include "plugins/intune/service/service_settings.hpp"

namespace certspan::intune {

/// Bounds time and size, and trusts whom the settings say. Thread-safe; the settings outlive it.
class Web {
 public:
  /// What an answer may have, in octets, if nothing else is said.
  static constexpr std::uint64_t kAnswer = 256UL * 1024;

  Web(sdk::Host host, const ServiceSettings& settings) : host_(host), settings_(settings) {}

  sdk::HttpOutReply get(const std::string& url, std::vector<sdk::HttpOutField> fields,
                        std::chrono::steady_clock::time_point deadline) const;
  sdk::HttpOutReply post(const std::string& url, std::vector<sdk::HttpOutField> fields, sdk::Bytes body,
                         std::chrono::steady_clock::time_point deadline,
                         std::uint64_t max_answer = kAnswer) const;

 private:
  sdk::HttpOutReply send(sdk::HttpOutRequest& request, std::chrono::steady_clock::time_point deadline) const;

  sdk::Host host_;
  const ServiceSettings& settings_;
};

}  // namespace certspan::intune
