#include "plugins/ndes/webhook/webhook_body.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <arpa/inet.h>
#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/base64.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::scep {
namespace {

using Json = nlohmann::ordered_json;

struct SubjectField {
  pki::Oid type;
  const char* name;
};

const std::array<SubjectField, 8>& subject_fields() {
  static const std::array<SubjectField, 8> kFields = {{{pki::oids::kCountryName, "country"},
                                                       {pki::oids::kOrganizationName, "organization"},
                                                       {pki::oids::kOrganizationalUnit, "organizationalUnit"},
                                                       {pki::oids::kLocalityName, "locality"},
                                                       {pki::oids::kStateName, "province"},
                                                       {pki::oids::kStreetAddress, "streetAddress"},
                                                       {pki::oids::kSerialNumber, "serialNumber"},
                                                       {pki::oids::kCommonName, "commonName"}}};
  return kFields;
}

void add_attribute(Json& subject, const pki::NameAttribute& attribute) {
  const auto& fields = subject_fields();
  const auto* const known = std::ranges::find(fields, attribute.type, &SubjectField::type);
  if (known == fields.end()) {
    subject["extraNames"].push_back({{"type", attribute.type.dotted()}, {"value", attribute.value}});
    return;
  }
  const bool single = known->type == pki::oids::kSerialNumber || known->type == pki::oids::kCommonName;
  Json& field = subject[known->name];
  if (field.is_null() || single) {
    field = attribute.value;
  } else {
    if (field.is_string()) field = Json::array({field});
    field.push_back(attribute.value);
  }
}

// One value is a string, several are a list.
Json subject_of(pki::BytesView der) {
  Json subject = Json::object();
  const auto name = pki::parse_name(der);
  if (!name) return subject;
  for (const pki::Rdn& rdn : name->rdns) {
    for (const pki::NameAttribute& attribute : rdn) add_attribute(subject, attribute);
  }
  return subject;
}

std::string ip_text(const std::string& octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  return ::inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr ? "" : text.data();
}

void add_names(Json& described, pki::BytesView extension) {
  const auto names = pki::parse_general_names(extension);
  if (!names) return;
  for (const pki::GeneralName& name : *names) {
    if (name.kind == pki::GeneralNameKind::Dns) described["dnsNames"].push_back(name.value);
    if (name.kind == pki::GeneralNameKind::Email) described["emailAddresses"].push_back(name.value);
    if (name.kind == pki::GeneralNameKind::Ip) described["ipAddresses"].push_back(ip_text(name.value));
    if (name.kind == pki::GeneralNameKind::Uri) described["uris"].push_back(name.value);
  }
}

// Of a request or a certificate, which share these accessors.
template <typename Subject>
Json describe(const Subject& of) {
  Json described = {{"subject", subject_of(of.subject())}};
  if (const auto* san = pki::find_extension(of.extensions(), pki::oids::kSubjectAltName)) {
    add_names(described, san->value);
  }
  described["publicKey"] = pki::base64_encode(of.spki());
  const auto key = pki::PublicKey::parse(of.spki());
  if (key) described["publicKeyAlgorithm"] = key->family() == pki::KeyFamily::Rsa ? "RSA" : "ECDSA";
  return described;
}

Json certificate_json(pki::BytesView der) {
  const auto certificate = pki::Certificate::parse(der);
  Json described = certificate ? describe(*certificate) : Json::object();
  if (certificate) {
    described["notBefore"] = connector::format_utc(certificate->not_before());
    described["notAfter"] = connector::format_utc(certificate->not_after());
  }
  described["raw"] = pki::base64_encode(der);
  return described;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json occasion_json(const Occasion& occasion) {
  Json json = {{"timestamp", connector::format_utc(occasion.now)}};
  if (!occasion.transaction.empty() && is_printable_ascii(occasion.transaction)) {
    json["scepTransactionID"] = occasion.transaction;
  }
  return json;
}

// What ends so: badAlg or badRequest (RFC 8894 3.2.1.4.5).
int fail_info(sdk::Outcome outcome) {
  return outcome == sdk::Outcome::Unsupported ? 0 : 2;
}

// `json`, an object, with one more member whose value is put by `put`.
template <typename Put>
void put_with(connector::SecretBody& body, const std::string& json, std::string_view member, const Put& put) {
  body.put(std::string_view(json).substr(0, json.size() - 1));
  body.put(json == "{}" ? "\"" : ",\"");
  body.put(member);
  body.put("\":");
  put();
  body.put("}");
}

}  // namespace

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

connector::SecretBody challenge_question(const pki::CertificateRequest& request, std::string_view challenge,
                                         const Occasion& occasion) {
  const std::string about = dump(occasion_json(occasion));
  const std::string described = dump(describe(request));
  const std::size_t raw = (request.der().size() + 2) / 3 * 4;
  connector::SecretBody body(about.size() + described.size() + raw + 2 * challenge.size() + 128);
  std::string_view open = about;
  open.remove_suffix(1);
  body.put(open);
  body.put(R"(,"scepChallenge":)");
  body.put_quoted(challenge);
  body.put(R"(,"x509CertificateRequest":)");
  put_with(body, described, "raw", [&] { body.put_base64(request.der()); });
  body.put("}");
  return body;
}

connector::SecretBody notice(const pki::CertificateRequest& request, const sdk::Delivery& delivery,
                             const Occasion& occasion) {
  Json told = occasion_json(occasion);
  told["x509CertificateRequest"] = describe(request);
  if (request.challenge_password() == nullptr) {
    told["x509CertificateRequest"]["raw"] = pki::base64_encode(request.der());
  }
  if (delivery.issued()) {
    told["x509Certificate"] = certificate_json(delivery.certificate());
  } else {
    told["scepErrorCode"] = fail_info(delivery.outcome());
    told["scepErrorDescription"] = std::string(delivery.code()) + ": " + std::string(delivery.message());
  }
  const std::string text = dump(told);
  connector::SecretBody body(text.size());
  body.put(text);
  return body;
}

}  // namespace certspan::scep
