// The tenant's services as the connectors of this plugin call them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <certspan/host.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/intune/service/credential.hpp"
#include "plugins/intune/service/service_map.hpp"
#include "plugins/intune/service/service_settings.hpp"
#include "plugins/intune/service/token_desk.hpp"
#include "plugins/intune/service/web.hpp"

namespace certspan::intune {

/// Who we are to the services, and in `callerInfo`.
inline constexpr std::string_view kCaller = "Certspan/" CERTSPAN_INTUNE_VERSION;

/// What is asked of a service. Views are borrowed for the call.
struct ServiceCall {
  std::string_view service;     // its name in the discovery, in lower case
  std::string_view action;      // "ScepActions/validateRequest"
  std::string_view version;     // api-version
  std::string_view permission;  // which the app needs for it, for people
  pki::BytesView body;
  std::uint64_t max_answer = Web::kAnswer;  // octets
};

/// The body of an answer with a status 2xx.
struct ServiceReply {
  pki::Bytes body;
};

/// Tokens, discovery, and signed calls with their repeats: a token that is not taken is asked for anew, and
/// so is an address where nothing is any more, once each. Thread-safe.
class TenantClient {
 public:
  /// Throws sdk::SettingsFault, as Credential does.
  TenantClient(sdk::Host host, ServiceSettings settings);
  TenantClient(const TenantClient&) = delete;
  TenantClient& operator=(const TenantClient&) = delete;

  /// `activity` is the GUID of the last call that left, by which Microsoft's support finds it; "" if none
  /// did.
  Got<ServiceReply> post(const ServiceCall& call, std::chrono::steady_clock::time_point deadline,
                         std::string& activity);

  const Credential& credential() const { return credential_; }
  /// What calls are made of, for an examination of them.
  TokenDesk& tokens() { return tokens_; }
  ServiceMap& map() { return map_; }
  const Web& web() const { return web_; }

 private:
  struct Try;
  Got<sdk::HttpOutReply> send(const ServiceCall& call, Try& attempt, std::string& activity);
  Trouble refused(const ServiceCall& call, const sdk::HttpOutReply& reply) const;

  sdk::Host host_;
  const ServiceSettings settings_;
  const Credential credential_;
  const Web web_;
  TokenDesk tokens_;
  ServiceMap map_;
};

}  // namespace certspan::intune
