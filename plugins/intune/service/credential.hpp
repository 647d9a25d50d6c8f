// How the app shows who it is to the token endpoint: by a secret, or by a certificate and what its key signs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <certspan/host.hpp>

#include "plugins/common/connector/secret_body.hpp"
#include "plugins/common/pkcs11/key_setting.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/intune/service/service_settings.hpp"

namespace certspan::intune {

/// Thread-safe once it is made; the settings outlive it.
class Credential {
 public:
  /// Opens what the settings name, to see that it can be. Throws sdk::SettingsFault at the setting that is
  /// wrong.
  Credential(sdk::Host host, const ServiceSettings& settings);

  /// The whole form of a token request (RFC 6749 4.4.2, RFC 7523 2.2). Faults: Unavailable, Internal.
  pki::Result<connector::SecretBody> token_form(const std::string& scope) const;

  /// nullptr: a secret vouches for the app.
  const pki::Certificate* certificate() const { return certificate_ ? &*certificate_ : nullptr; }
  const pkcs11::TokenKeys& tokens() const { return tokens_; }

 private:
  void load_certificate();
  pki::Result<std::string> assertion() const;

  sdk::Host host_;
  const ServiceSettings& settings_;
  pkcs11::TokenKeys tokens_;
  std::optional<pki::Certificate> certificate_;
  std::optional<pki::PrivateKey> key_;
};

}  // namespace certspan::intune
