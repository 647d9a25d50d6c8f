#include "plugins/ca_local/certify_actions.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <arpa/inet.h>

#include "plugins/ca_local/create_actions.hpp"
#include "plugins/ca_local/crl_address.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/pem.hpp"

namespace certspan::ca_local {

namespace {

using nlohmann::json;

constexpr std::chrono::hours kRaValidity{24 * 730};
/// Apple's systems trust no server certificate for longer than 398 days.
constexpr std::chrono::hours kTlsValidity{24 * 397};
constexpr std::chrono::hours kOcspValidity{24 * 30};
constexpr std::size_t kLongestCommonName = 64;  // RFC 5280 appendix A, ub-common-name

/// The CA that the arguments name: the running one, or one that is loaded for this call.
class ChosenCa {
 public:
  ChosenCa(const Arguments& arguments, std::int64_t now, const RunningCa* running) {
    if (arguments.has("directory")) {
      const std::filesystem::path directory(arguments.text("directory"));
      load(arguments, "directory", directory / kCertificateFile, directory / kKeyFile, now);
    } else if (arguments.in_token()) {
      const std::string certificate = arguments.text("certificate_file");
      auto key = arguments.faulty() ? std::nullopt : arguments.token_key(std::nullopt);
      if (key)
        loaded_ = arguments.take("certificate_file", load_authority(certificate, std::move(*key), now));
    } else if (arguments.has("certificate_file") || arguments.has("key_file")) {
      const std::string certificate = arguments.text("certificate_file");
      load(arguments, "certificate_file", certificate, arguments.text("key_file"), now);
    } else if (running == nullptr) {
      arguments.fault(
          "", "name the CA by \"directory\", or by \"certificate_file\" and \"key_file\" or \"pkcs11\"");
    } else {
      running_ = running;
    }
  }

  const Authority* authority() const {
    if (loaded_) return &*loaded_;
    return running_ != nullptr ? &running_->authority : nullptr;
  }
  /// CRL and CA certificate addresses are known to a running connector only.
  IssuingRules rules() const { return running_ != nullptr ? running_->rules : IssuingRules(); }

 private:
  void load(const Arguments& arguments, const char* named_by, const std::filesystem::path& certificate_file,
            const std::filesystem::path& key_file, std::int64_t now) {
    if (!arguments.faulty())
      loaded_ = arguments.take(named_by, load_authority(certificate_file, key_file, now));
  }

  const RunningCa* running_ = nullptr;
  std::optional<Authority> loaded_;
};

std::optional<pki::CertificateRequest> read_request(const Arguments& arguments) {
  const auto blocks =
      arguments.take("csr", pki::pem_decode(arguments.text("csr"), pki::kPemCertificateRequest));
  if (!blocks) return std::nullopt;
  if (blocks->size() != 1) {
    arguments.fault("csr", "must hold one CERTIFICATE REQUEST, PEM");
    return std::nullopt;
  }
  auto request = arguments.take("csr", pki::parse_certificate_request(blocks->front()));
  if (!request) return std::nullopt;
  if (const auto weakness = request->public_key().weakness()) {
    arguments.fault("csr", "the key is weak: " + *weakness);
    return std::nullopt;
  }
  return request;
}

pki::Result<pki::Bytes> issuable_subject(const pki::CertificateRequest& request) {
  CERTSPAN_PKI_TRY(const pki::Name name, pki::parse_name(request.subject()));
  return pki::encode_name(name);
}

bool is_our_own_key(const Authority& authority, pki::BytesView spki) {
  for (const pki::Certificate& certificate : authority.chain()) {
    if (pki::equal(certificate.spki(), spki)) return true;
  }
  return false;
}

/// What both kinds of certificate have in common. Views into `key` and `rules` are copied or outlive the
/// call.
pki::CertificateTemplate server_template(const pki::PublicKey& key, const IssuingRules& rules,
                                         std::int64_t now, std::int64_t validity) {
  pki::CertificateTemplate what;
  what.spki = key.spki();
  what.subject_key_id = key.key_identifier();
  what.not_before = now - rules.backdate.count();
  what.not_after = now + validity - 1;
  what.key_usage = pki::key_usage::kDigitalSignature;
  if (key.family() == pki::KeyFamily::Rsa) what.key_usage |= pki::key_usage::kKeyEncipherment;
  what.extended_key_usage = {pki::oids::kServerAuth};
  what.serial = random_serial();
  what.crl_urls = with_partition(rules.crl_urls, partition_of(what.serial, rules.crl_partitions));
  what.ca_issuers_urls = rules.ca_issuers_urls;
  return what;
}

std::optional<json> sign(const Arguments& arguments, const Authority& authority,
                         pki::CertificateTemplate what) {
  const auto der = arguments.take("", authority.sign(std::move(what)));
  if (!der) return std::nullopt;
  const auto certificate = arguments.take("", pki::Certificate::parse(*der));
  if (!certificate) return std::nullopt;
  std::string chain;
  for (const pki::Certificate& above : authority.chain()) {
    chain += pki::pem_encode(pki::kPemCertificate, above.der());
  }
  return json{{"certificate", pki::pem_encode(pki::kPemCertificate, *der)},
              {"chain", chain},
              {"subject", pki::printable_name(certificate->subject())},
              {"not_after", connector::format_utc(certificate->not_after())}};
}

pki::Result<pki::GeneralName> server_name(const std::string& text) {
  std::array<char, 16> octets{};
  pki::GeneralName name;
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
    name = {pki::GeneralNameKind::Ip, std::string(octets.data(), 4), {}};
  } else if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
    name = {pki::GeneralNameKind::Ip, std::string(octets.data(), octets.size()), {}};
  } else {
    name = {pki::GeneralNameKind::Dns, text, {}};
    CERTSPAN_PKI_CHECK(pki::check_general_name(name));
  }
  return name;
}

/// The key that is certified: the request's, or a new one that goes back with the certificate.
struct ServerKey {
  std::optional<pki::PublicKey> key;
  std::string pem;  // of a new one
};

ServerKey server_key(const Arguments& arguments) {
  if (arguments.has("csr")) {
    const auto request = read_request(arguments);
    if (!request) return {};
    return {request->public_key(), {}};
  }
  const auto made = arguments.take("", pki::generate_private_key(pki::KeySpec::P256));
  if (!made) return {};
  const auto pem = arguments.take("", made->to_pem());
  if (!pem) return {};
  return {made->public_key(), std::string(pem->reveal_text())};
}

/// In seconds: what the profile or the arguments say.
std::int64_t tls_validity(const Arguments& arguments, const RunningCa* running) {
  if (!arguments.has("profile")) return arguments.duration("validity", kTlsValidity);
  const std::string name = arguments.text("profile");
  const auto found =
      running == nullptr ? connector::ProfileMap::const_iterator() : running->profiles.find(name);
  if (running == nullptr || found == running->profiles.end()) {
    arguments.fault("profile", "there is no profile \"" + name + "\" here");
    return 0;
  }
  const pki::Profile& profile = found->second;
  if (std::ranges::find(profile.extended_key_usage, pki::oids::kServerAuth) ==
      profile.extended_key_usage.end()) {
    arguments.fault("profile", "\"" + name + "\" is for no server: add server_auth to its eku");
  }
  return std::min(profile.validity_seconds, std::int64_t{std::chrono::seconds(kTlsValidity).count()});
}

pki::CertificateTemplate ocsp_template(const pki::CertificateRequest& request, pki::BytesView subject,
                                       const IssuingRules& rules, std::int64_t now, std::int64_t validity) {
  static constexpr std::array<std::uint8_t, 2> kNull = {pki::tag::kNull, 0};
  pki::CertificateTemplate what = server_template(request.public_key(), {}, now, validity);
  what.not_before = now - rules.backdate.count();
  what.subject = subject;
  what.key_usage = pki::key_usage::kDigitalSignature;
  what.extended_key_usage = {pki::oids::kOcspSigning};
  what.extra_extensions = {{pki::oids::kOcspNoCheck, false, kNull}};
  return what;
}

/// Every key that may still have certificates out there.
std::vector<const Authority*> all_that_count(const RunningCa& running, std::int64_t now) {
  std::vector<const Authority*> all = {&running.authority};
  for (const Authority& each : running.previous) {
    if (each.certificate().not_after() > now) all.push_back(&each);
  }
  return all;
}

}  // namespace

std::optional<json> certify_ra(const Arguments& arguments, std::int64_t now, const RunningCa* running) {
  const std::int64_t validity = arguments.duration("validity", kRaValidity);
  const ChosenCa ca(arguments, now, running);
  const auto request = read_request(arguments);
  const Authority* authority = ca.authority();
  if (arguments.faulty() || authority == nullptr || !request) return std::nullopt;
  if (request->public_key().family() != pki::KeyFamily::Rsa) {
    arguments.fault("csr", "a registration authority needs an RSA key: SCEP clients encrypt to it");
    return std::nullopt;
  }
  if (is_our_own_key(*authority, request->spki())) {
    arguments.fault("csr", "has the CA's own key: the registration authority needs one of its own");
    return std::nullopt;
  }
  pki::CertificateTemplate what = server_template(request->public_key(), ca.rules(), now, validity);
  const auto subject = arguments.take("csr", issuable_subject(*request));
  if (!subject) return std::nullopt;
  what.subject = *subject;
  return sign(arguments, *authority, std::move(what));
}

std::optional<json> certify_tls(const Arguments& arguments, std::int64_t now, const RunningCa* running) {
  const std::int64_t validity = tls_validity(arguments, running);
  const std::vector<std::string> texts = arguments.texts("names");
  std::vector<pki::GeneralName> names;
  for (const std::string& text : texts) {
    if (auto name = arguments.take("names", server_name(text))) names.push_back(std::move(*name));
  }
  const ChosenCa ca(arguments, now, running);
  const Authority* authority = ca.authority();
  if (arguments.faulty() || authority == nullptr) return std::nullopt;
  const ServerKey server = server_key(arguments);
  if (!server.key) return std::nullopt;
  if (is_our_own_key(*authority, server.key->spki())) {
    arguments.fault("csr", "has the CA's own key: the listener needs one of its own");
    return std::nullopt;
  }

  pki::CertificateTemplate what = server_template(*server.key, ca.rules(), now, validity);
  const std::string common_name = texts.front().size() <= kLongestCommonName ? "CN=" + texts.front() : "";
  const auto subject = arguments.take("names", pki::encode_name(common_name));
  if (!subject) return std::nullopt;
  const pki::Bytes alternative = pki::encode_general_names(names);
  what.subject = *subject;
  what.subject_alt_names = alternative;
  auto result = sign(arguments, *authority, std::move(what));
  if (!result) return std::nullopt;
  // A server shows its clients everything below the root, which they have (RFC 8446 4.4.2).
  for (const pki::Certificate& above : authority->chain()) {
    if (above.is_self_issued()) break;
    (*result)["certificate"].get_ref<std::string&>() += pki::pem_encode(pki::kPemCertificate, above.der());
  }
  if (!server.pem.empty()) (*result)["key"] = server.pem;
  return result;
}

std::optional<json> certify_ocsp(const Arguments& arguments, std::int64_t now, const RunningCa& running) {
  const std::int64_t validity = arguments.duration("validity", kOcspValidity);
  const std::string responder = arguments.text("responder");
  if (std::ranges::find(running.ocsp_responders, responder) == running.ocsp_responders.end()) {
    arguments.fault("responder", "\"" + responder + "\" is not among the CA's \"ocsp_responders\"");
  }
  const auto request = read_request(arguments);
  if (arguments.faulty() || !request) return std::nullopt;
  const auto subject = arguments.take("csr", issuable_subject(*request));
  if (!subject) return std::nullopt;
  json pairs = json::array();
  for (const Authority* authority : all_that_count(running, now)) {
    if (is_our_own_key(*authority, request->spki())) {
      arguments.fault("csr", "has the CA's own key: the responder needs one of its own");
      return std::nullopt;
    }
    auto made = sign(arguments, *authority, ocsp_template(*request, *subject, running.rules, now, validity));
    if (!made) return std::nullopt;
    pairs.push_back({{"certificate", made->at("certificate")},
                     {"ca", pki::pem_encode(pki::kPemCertificate, authority->certificate().der())}});
  }
  return json{{"certificates", std::move(pairs)}};
}

}  // namespace certspan::ca_local
