#include "plugins/intune/service/credential.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <certspan/faults.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/pki/base64.hpp"
#include "plugins/common/pki/pem.hpp"
#include "plugins/intune/service/guid.hpp"

namespace certspan::intune {
namespace {

constexpr std::size_t kLargestFile = 64UL * 1024;
constexpr std::int64_t kAssertionLasts = 600;
// The clocks of this machine and of the token endpoint may differ.
constexpr std::int64_t kBackdate = 60;
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// RFC 7515 appendix C.
std::string base64url(pki::BytesView octets) {
  std::string text = pki::base64_encode(octets);
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string read_pem(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    throw sdk::SettingsFault("/certificate_file", "can't be read: " + std::string(std::strerror(errno)));
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLargestFile) throw sdk::SettingsFault("/certificate_file", "is over 64 KiB");
  return text;
}

pki::PrivateKey read_key(const sdk::Host& host, const std::string& token) {
  const auto pem = host.open_secret(token);
  if (!pem)
    throw sdk::SettingsFault("/key", "the key can't be opened: give it as ${file:...} or ${credential:...}");
  auto key = pki::load_private_key(pem->reveal());
  if (!key) throw sdk::SettingsFault("/key", "is no private key that can be used: " + key.error().message);
  return std::move(*key);
}

}  // namespace

Credential::Credential(sdk::Host host, const ServiceSettings& settings) : host_(host), settings_(settings) {
  if (!settings_.certificate_file.empty()) {
    load_certificate();
    return;
  }
  const auto secret = host_.open_secret(settings_.secret_token);
  if (!secret || secret->empty())
    throw sdk::SettingsFault("/client_secret", "the reference opens to nothing");
}

void Credential::load_certificate() {
  auto certificates = pki::load_certificates(read_pem(settings_.certificate_file));
  if (!certificates)
    throw sdk::SettingsFault("/certificate_file",
                             "holds no PEM certificate: " + certificates.error().message);
  certificate_ = std::move(certificates->front());
  auto public_key = certificate_->public_key();
  if (!public_key || public_key->family() != pki::KeyFamily::Rsa)
    throw sdk::SettingsFault("/certificate_file", "must have an RSA key: assertions are signed by PS256");
  if (settings_.key.in_token) {
    key_ = tokens_.open(host_, *settings_.key.in_token, "", std::move(*public_key), pkcs11::KeyUse::Sign);
    return;
  }
  key_ = read_key(host_, settings_.key.token);
  if (!pki::equal(key_->public_key().spki(), certificate_->spki()))
    throw sdk::SettingsFault("/key", "is not that of the certificate");
}

pki::Result<std::string> Credential::assertion() const {
  using nlohmann::json;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(host_.wall_now().time_since_epoch()).count();
  const std::string url = settings_.token_url();
  const json header = {
      {"alg", "PS256"}, {"typ", "JWT"}, {"x5t#S256", base64url(certificate_->fingerprint())}};
  const json claims = {{"aud", url},
                       {"iss", settings_.client_id},
                       {"sub", settings_.client_id},
                       {"jti", new_guid()},
                       {"nbf", now - kBackdate},
                       {"iat", now},
                       {"exp", now - kBackdate + kAssertionLasts}};
  std::string text = base64url(pki::as_bytes(header.dump())) + "." + base64url(pki::as_bytes(claims.dump()));
  CERTSPAN_PKI_TRY(const pki::Bytes signature, key_->sign_pss(pki::Digest::Sha256, pki::as_bytes(text)));
  return text + "." + base64url(signature);
}

pki::Result<connector::SecretBody> Credential::token_form(const std::string& scope) const {
  std::string_view name = "client_secret";
  std::string made;
  std::optional<sdk::SecretBuffer> secret;
  if (certificate_) {
    name = "client_assertion";
    CERTSPAN_PKI_TRY(made, assertion());
  } else {
    secret = host_.open_secret(settings_.secret_token);
    if (!secret) return pki::fault(pki::FaultKind::Unavailable, "the client secret can't be opened");
  }
  const std::string_view proof = secret ? secret->reveal_text() : std::string_view(made);
  connector::SecretBody form(3 * (proof.size() + scope.size() + kAssertionType.size() + 128));
  form.put("grant_type=client_credentials&client_id=");
  form.put_form_value(settings_.client_id);
  form.put("&scope=");
  form.put_form_value(scope);
  if (certificate_) {
    form.put("&client_assertion_type=");
    form.put_form_value(kAssertionType);
  }
  form.put("&");
  form.put(name);
  form.put("=");
  form.put_form_value(proof);
  pki::wipe(made.data(), made.size());
  return form;
}

}  // namespace certspan::intune
