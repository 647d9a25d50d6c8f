#include "probe/server.hpp"

#include <set>
#include <sstream>

#include <openssl/pkcs7.h>

namespace certspan::scep_probe {
namespace {

constexpr std::size_t kMostCapabilities = 16UL * 1024;
constexpr std::size_t kMostCertificates = 256UL * 1024;
constexpr std::size_t kLongestWord = 64;
constexpr const char* kNoScep =
    "look at the URL: what is there is no SCEP server, or a proxy answers in its place";

bool is_ca(X509* certificate) {
  return X509_check_ca(certificate) > 0;
}

bool takes_envelopes(X509* certificate) {
  return EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA &&
         (X509_get_key_usage(certificate) & (X509v3_KU_KEY_ENCIPHERMENT | X509v3_KU_DATA_ENCIPHERMENT)) != 0;
}

bool is_valid_now(X509* certificate) {
  return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
         X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

/// An RA that is valid before one that is not; then a CA with an RSA key, whatever usages it names: servers
/// without an RA open with that.
X509* recipient_of(const Certificates& certificates) {
  X509* expired = nullptr;
  for (const X509Ptr& one : certificates) {
    if (is_ca(one.get()) || !takes_envelopes(one.get())) continue;
    if (is_valid_now(one.get())) return one.get();
    if (expired == nullptr) expired = one.get();
  }
  if (expired != nullptr) return expired;
  for (const X509Ptr& one : certificates) {
    if (is_ca(one.get()) && EVP_PKEY_get_base_id(X509_get0_pubkey(one.get())) == EVP_PKEY_RSA)
      return one.get();
  }
  return nullptr;
}

/// The one that issued the recipient, or is it; else the first CA.
X509* ca_of(const Certificates& certificates, X509* recipient) {
  X509* first = nullptr;
  for (const X509Ptr& one : certificates) {
    if (!is_ca(one.get())) continue;
    if (one.get() == recipient || X509_check_issued(one.get(), recipient) == X509_V_OK) return one.get();
    if (first == nullptr) first = one.get();
  }
  return first;
}

Result<Certificates> read_list(BytesView bytes) {
  const CmsPtr cms = read_cms(bytes);
  STACK_OF(X509)* stack = cms ? CMS_get1_certs(cms.get()) : nullptr;
  ERR_clear_error();
  if (stack == nullptr) {
    return fail("the answer to GetCACert is no PKCS #7 with certificates although its type says so", kNoScep);
  }
  Certificates certificates;
  for (int i = 0; i < sk_X509_num(stack); ++i) certificates.emplace_back(sk_X509_value(stack, i));
  sk_X509_free(stack);
  return certificates;
}

Result<Certificates> read_certificates(const HttpAnswer& answer) {
  if (answer.content_type == "application/x-x509-ca-ra-cert") return read_list(answer.body);
  if (answer.content_type != "application/x-x509-ca-cert") {
    return fail("GetCACert is answered with content of type \"" + printable(answer.content_type) +
                    "\", which is no certificate",
                kNoScep);
  }
  Certificates certificates;
  certificates.push_back(read_certificate(answer.body));
  if (certificates.front()) return certificates;
  return fail("the answer to GetCACert is no certificate although its type says so", kNoScep);
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

}  // namespace

Result<Capabilities> get_capabilities(HttpEndpoint& endpoint, const std::string& identifier) {
  CERTSPAN_PROBE_TRY(const HttpAnswer answer, endpoint.get("GetCACaps", identifier, kMostCapabilities));
  std::set<std::string> words;
  Capabilities capabilities;
  std::istringstream text{std::string(pki::as_text(answer.body))};
  for (std::string word; text >> word;) {
    if (word.size() > kLongestWord || word.front() == '<' || printable(word) != word) {
      return fail("the answer to GetCACaps is no list of capabilities", kNoScep);
    }
    words.insert(lower(word));
    capabilities.words += (capabilities.words.empty() ? "" : " ") + word;
  }
  const bool standard = words.contains("scepstandard");
  capabilities.post = standard || words.contains("postpkioperation");
  capabilities.aes = standard || words.contains("aes");
  capabilities.sha256 = standard || words.contains("sha-256");
  return capabilities;
}

Result<Authority> get_authority(HttpEndpoint& endpoint, const std::string& identifier) {
  CERTSPAN_PROBE_TRY(const HttpAnswer answer, endpoint.get("GetCACert", identifier, kMostCertificates));
  Authority authority;
  CERTSPAN_PROBE_TRY(authority.certificates, read_certificates(answer));
  authority.recipient = recipient_of(authority.certificates);
  if (authority.recipient == nullptr) {
    return fail("none of the certificates of GetCACert has an RSA key that requests can be encrypted to",
                "SCEP needs one: give the endpoint an RA with an RSA key and the usage keyEncipherment");
  }
  authority.ca = ca_of(authority.certificates, authority.recipient);
  return authority;
}

}  // namespace certspan::scep_probe
