#include "plugins/intune/scep_validator/scep_body.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/intune/scep_validator/hresults.hpp"
#include "plugins/intune/service/answers.hpp"

namespace certspan::intune {
namespace {

using Json = nlohmann::ordered_json;

// What Intune takes of each.
constexpr std::size_t kLongestDescription = 255;
constexpr std::size_t kLongestIssuer = 256;

std::string upper_hex(pki::BytesView octets) {
  std::string text = pki::to_hex(octets);
  for (char& c : text) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// ISO 8601 in UTC with a fraction: Intune's own client writes one.
std::string expiry(std::int64_t unix_seconds) {
  std::string text = connector::format_utc(unix_seconds);
  text.insert(text.size() - 1, ".000");
  return text;
}

/// {"NAME":{"transactionId":...,"certificateRequest":...,"callerInfo":...,MORE}}
connector::SecretBody body(std::string_view name, const ScepRequest& request, const Json& more) {
  const std::string rest = more.dump(-1, ' ', false, Json::error_handler_t::replace);
  connector::SecretBody out(2 * (request.transaction.size() + request.caller.size()) +
                            (request.csr.size() + 2) / 3 * 4 + rest.size() + name.size() + 128);
  out.put("{");
  out.put_quoted(name);
  out.put(R"(:{"transactionId":)");
  out.put_quoted(request.transaction);
  out.put(R"(,"certificateRequest":)");
  out.put_base64(request.csr);
  out.put(R"(,"callerInfo":)");
  out.put_quoted(request.caller);
  if (!more.empty()) {
    out.put(",");
    out.put(std::string_view(rest).substr(1, rest.size() - 2));
  }
  out.put("}}");
  return out;
}

}  // namespace

bool is_printable(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

connector::SecretBody validate_body(const ScepRequest& request) {
  return body("request", request, Json::object());
}

pki::Result<connector::SecretBody> success_body(const ScepRequest& request, pki::BytesView certificate,
                                                std::string_view configuration) {
  CERTSPAN_PKI_TRY(const pki::Certificate read, pki::Certificate::parse(certificate));
  Json told = Json::object();
  told["certificateThumbprint"] = upper_hex(pki::hash(pki::Digest::Sha1, certificate).view());
  told["certificateSerialNumber"] = upper_hex(read.serial());
  told["certificateExpirationDateUtc"] = expiry(read.not_after());
  told["issuingCertificateAuthority"] = one_line(pki::printable_name(read.issuer()), kLongestIssuer);
  told["caConfiguration"] = configuration;
  return body("notification", request, told);
}

connector::SecretBody failure_body(const ScepRequest& request, const sdk::Delivery& delivery) {
  const std::string words = std::string(delivery.code()) + ": " + std::string(delivery.message());
  Json told = Json::object();
  told["hResult"] = hresult_of(delivery.outcome(), delivery.code());
  told["errorDescription"] = one_line(words, kLongestDescription);
  return body("notification", request, told);
}

}  // namespace certspan::intune
