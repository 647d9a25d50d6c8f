#include "plugins/ca_local/ocsp_responder/delegate.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::ca_local {
namespace {

using pki::fault;
using pki::FaultKind;

constexpr std::string_view kRecord = "delegate";
constexpr std::string_view kWhat = "stored OCSP delegate";

pki::Result<Mandate> make_mandate(const pki::PrivateKey& key, pki::Certificate certificate,
                                  pki::Certificate ca) {
  if (!pki::equal(certificate.spki(), key.public_key().spki()))
    return fault(FaultKind::Policy, "is not for the responder's key");
  CERTSPAN_PKI_CHECK(certificate.verify_issued_by(ca));
  CERTSPAN_PKI_TRY(const auto purposes, certificate.extended_key_usage());
  if (!purposes || std::ranges::find(*purposes, pki::oids::kOcspSigning) == purposes->end())
    return fault(FaultKind::Policy, "is not for OCSP signing (extended key usage)");
  CERTSPAN_PKI_TRY(const pki::OcspIssuer issuer, pki::OcspIssuer::make(ca));
  return Mandate{std::move(certificate), std::move(ca), issuer};
}

const Mandate& first_to_end(const std::vector<Mandate>& mandates) {
  return *std::ranges::min_element(mandates, {},
                                   [](const Mandate& each) { return each.certificate.not_after(); });
}

/// SEQUENCE { key OCTET STRING (PKCS #8, PEM), SEQUENCE OF OCTET STRING (certificates in pairs) }
pki::Result<std::shared_ptr<const Delegate>> decode(pki::BytesView value) {
  pki::DerReader outer(value, kWhat);
  CERTSPAN_PKI_TRY(pki::DerReader reader, outer.enter(pki::tag::kSequence, kWhat));
  CERTSPAN_PKI_TRY(const pki::BytesView pem, reader.octet_string());
  CERTSPAN_PKI_TRY(pki::DerReader list, reader.enter(pki::tag::kSequence, kWhat));
  std::vector<pki::Certificate> pairs;
  while (!list.at_end()) {
    CERTSPAN_PKI_TRY(const pki::BytesView der, list.octet_string());
    CERTSPAN_PKI_TRY(pki::Certificate certificate, pki::Certificate::parse(der));
    pairs.push_back(std::move(certificate));
  }
  CERTSPAN_PKI_TRY(pki::PrivateKey key, pki::load_private_key(pem));
  CERTSPAN_PKI_TRY(Delegate delegate, Delegate::make(std::move(key), std::move(pairs)));
  return std::make_shared<const Delegate>(std::move(delegate));
}

}  // namespace

Delegate::Delegate(pki::PrivateKey key, std::vector<Mandate> mandates)
    : key_(std::move(key)), mandates_(std::move(mandates)) {}

pki::Result<Delegate> Delegate::make(pki::PrivateKey key, std::vector<pki::Certificate> pairs) {
  if (pairs.empty() || pairs.size() % 2 != 0)
    return fault(FaultKind::Malformed, "is no pair of certificates, the responder's and its CA's");
  std::vector<Mandate> mandates;
  mandates.reserve(pairs.size() / 2);
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    CERTSPAN_PKI_TRY(Mandate mandate, make_mandate(key, std::move(pairs[i]), std::move(pairs[i + 1])));
    mandates.push_back(std::move(mandate));
  }
  return Delegate(std::move(key), std::move(mandates));
}

const Mandate* Delegate::for_id(const pki::CertId& id) const {
  const auto found =
      std::ranges::find_if(mandates_, [&](const Mandate& each) { return each.issuer.is_named_by(id); });
  return found == mandates_.end() ? nullptr : &*found;
}

std::int64_t Delegate::not_after() const {
  return first_to_end(mandates_).certificate.not_after();
}

std::int64_t Delegate::not_before() const {
  return first_to_end(mandates_).certificate.not_before();
}

pki::Result<std::shared_ptr<const Delegate>> read_delegate(const sdk::Store& store) {
  sdk::Record stored;
  const auto outcome = store.get(sdk::bytes_of(kRecord), stored);
  if (outcome == sdk::Outcome::Rejected) return std::shared_ptr<const Delegate>();
  if (outcome != sdk::Outcome::Ok)
    return fault(FaultKind::Unavailable, "the connector's store can't be read");
  auto delegate = decode(stored.value);
  OPENSSL_cleanse(stored.value.data(), stored.value.size());
  return delegate;
}

pki::Result<void> keep_delegate(const sdk::Store& store, const Delegate& delegate) {
  CERTSPAN_PKI_TRY(const auto pem, delegate.key().to_pem());
  pki::DerWriter writer;
  writer.begin(pki::tag::kSequence).octet_string(pem.reveal()).begin(pki::tag::kSequence);
  for (const Mandate& mandate : delegate.mandates()) {
    writer.octet_string(mandate.certificate.der()).octet_string(mandate.ca.der());
  }
  pki::Bytes value = writer.end().end().take();
  const auto outcome = store.commit({sdk::put_record(sdk::bytes_of(kRecord), value)});
  OPENSSL_cleanse(value.data(), value.size());
  if (outcome == sdk::Outcome::Ok) return {};
  return fault(FaultKind::Unavailable, "the responder's key can't be written to the connector's store");
}

}  // namespace certspan::ca_local
