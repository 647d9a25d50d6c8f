// Where the tenant's services are: Microsoft Graph says it, for each tenant differently.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include <certspan/host.hpp>

#include "plugins/intune/service/answers.hpp"
#include "plugins/intune/service/shared_value.hpp"
#include "plugins/intune/service/token_desk.hpp"
#include "plugins/intune/service/web.hpp"

namespace certspan::intune {

/// Thread-safe; what it is made of outlives it.
class ServiceMap {
 public:
  using Places = std::map<std::string, std::string, std::less<>>;  // name in lower case -> address
  using Map = SharedValue<Places>::Pointer;

  ServiceMap(sdk::Host host, const ServiceSettings& settings, TokenDesk& tokens, const Web& web);

  Got<Map> get(std::chrono::steady_clock::time_point deadline);
  /// What it says is out of date.
  void drop(const Map& map) { map_.drop(map); }
  /// It lacks a service, which the app may be let to meanwhile: asked for anew, with new tokens, every ten
  /// seconds.
  void lacks(const Map& map);

 private:
  Got<Fetched<Places>> fetch(std::chrono::steady_clock::time_point deadline);
  Got<DiscoveryPage> page(const std::string& url, std::chrono::steady_clock::time_point deadline);
  Got<sdk::HttpOutReply> ask(const std::string& url, std::chrono::steady_clock::time_point deadline);
  bool may_follow(const std::string& url) const;

  sdk::Host host_;
  const ServiceSettings& settings_;
  TokenDesk& tokens_;
  const Web& web_;
  SharedValue<Places> map_;
};

}  // namespace certspan::intune
