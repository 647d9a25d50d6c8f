// Tokens of the tenant, kept until shortly before they end.
#pragma once

#include <chrono>
#include <string>

#include <certspan/host.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/intune/service/credential.hpp"
#include "plugins/intune/service/shared_value.hpp"
#include "plugins/intune/service/web.hpp"

namespace certspan::intune {

/// Two tokens, for Graph and for Intune (OAuth 2.0 client credentials). Thread-safe; what it is made of
/// outlives it.
class TokenDesk {
 public:
  enum class Audience : std::uint8_t { Graph, Intune };
  using Token = SharedValue<pki::SecretBytes>::Pointer;  // the value of the header field Authorization

  TokenDesk(sdk::Host host, const ServiceSettings& settings, const Credential& credential, const Web& web);

  Got<Token> get(Audience audience, std::chrono::steady_clock::time_point deadline);
  /// A service did not take it, or what it allows may have changed: the next one is asked for anew.
  void drop(Audience audience, const Token& token) { slot(audience).drop(token); }
  /// What the app may do has changed, perhaps.
  void clear() {
    graph_.clear();
    intune_.clear();
  }

 private:
  SharedValue<pki::SecretBytes>& slot(Audience audience) {
    return audience == Audience::Graph ? graph_ : intune_;
  }
  Got<Fetched<pki::SecretBytes>> fetch(Audience audience,
                                       std::chrono::steady_clock::time_point deadline) const;

  sdk::Host host_;
  const ServiceSettings& settings_;
  const Credential& credential_;
  const Web& web_;
  SharedValue<pki::SecretBytes> graph_;
  SharedValue<pki::SecretBytes> intune_;
};

}  // namespace certspan::intune
