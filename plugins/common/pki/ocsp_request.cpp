#include "plugins/common/pki/ocsp_request.hpp"

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

namespace certspan::pki {
namespace {

constexpr std::string_view kWhat = "ocsp request";
constexpr std::string_view kWhatId = "ocsp certificate id";

Result<CertId> read_cert_id(DerReader& reader) {
  CertId id;
  const BytesView from_here = reader.rest();
  CERTSPAN_PKI_TRY(DerReader inside, reader.enter(tag::kSequence, kWhatId));
  id.whole = from_here.first(from_here.size() - reader.rest().size());
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier algorithm, read_algorithm_identifier(inside, kWhatId));
  CERTSPAN_PKI_TRY(id.issuer_name_hash, inside.octet_string());
  CERTSPAN_PKI_TRY(id.issuer_key_hash, inside.octet_string());
  CERTSPAN_PKI_TRY(id.serial, inside.unsigned_integer());
  CERTSPAN_PKI_CHECK(inside.finish());
  const auto digest = digest_from_oid(algorithm.algorithm);
  if (!digest || !algorithm.parameters_null_or_absent())
    return fault(FaultKind::UnsupportedAlgorithm, "ocsp certificate id: a hash that is not known");
  id.digest = *digest;
  if (id.issuer_name_hash.size() != digest_size(*digest) ||
      id.issuer_key_hash.size() != digest_size(*digest)) {
    return fault(FaultKind::Malformed, "ocsp certificate id: a hash of another length than its algorithm's");
  }
  return id;
}

/// `value` is the extension's: an OCTET STRING in it, as RFC 8954 has it.
Result<void> check_nonce(BytesView value) {
  DerReader reader(value, "ocsp nonce");
  CERTSPAN_PKI_TRY(const BytesView octets, reader.octet_string());
  CERTSPAN_PKI_CHECK(reader.finish());
  if (octets.empty() || octets.size() > kLongestNonce)
    return fault(FaultKind::Malformed, "ocsp nonce: must have 1 to 128 octets");
  return {};
}

Result<void> check_extensions(const std::vector<Extension>& extensions, BytesView* nonce) {
  for (const Extension& each : extensions) {
    if (nonce != nullptr && each.oid == oids::kOcspNonce) {
      CERTSPAN_PKI_CHECK(check_nonce(each.value));
      *nonce = each.value;
    } else if (each.critical) {
      return fault(FaultKind::Malformed, "ocsp request: a critical extension that is not known");
    }
  }
  return {};
}

/// [number] EXPLICIT Extensions OPTIONAL.
Result<void> read_optional_extensions(DerReader& reader, std::uint8_t number, BytesView* nonce) {
  if (reader.peek() != tag::context_constructed(number)) return {};
  CERTSPAN_PKI_TRY(DerReader inside, reader.enter(tag::context_constructed(number), kWhat));
  CERTSPAN_PKI_TRY(DerReader sequence, inside.enter(tag::kSequence, kWhat));
  CERTSPAN_PKI_CHECK(inside.finish());
  CERTSPAN_PKI_TRY(const auto extensions, read_extensions(sequence));
  return check_extensions(extensions, nonce);
}

Result<void> read_list(DerReader& reader, std::vector<CertId>& cert_ids) {
  CERTSPAN_PKI_TRY(DerReader list, reader.enter(tag::kSequence, kWhat));
  while (!list.at_end()) {
    if (cert_ids.size() == kMostCertIds)
      return fault(FaultKind::TooLarge, "ocsp request: asks for too many certificates at once");
    CERTSPAN_PKI_TRY(DerReader single, list.enter(tag::kSequence, kWhat));
    CERTSPAN_PKI_TRY(cert_ids.emplace_back(), read_cert_id(single));
    CERTSPAN_PKI_CHECK(read_optional_extensions(single, 0, nullptr));
    CERTSPAN_PKI_CHECK(single.finish());
  }
  if (cert_ids.empty()) return fault(FaultKind::Malformed, "ocsp request: asks for no certificate");
  return {};
}

Result<OcspRequest> read_to_be_signed(DerReader& reader) {
  OcspRequest request;
  CERTSPAN_PKI_TRY(DerReader body, reader.enter(tag::kSequence, kWhat));
  if (body.peek() == tag::context_constructed(0)) {
    CERTSPAN_PKI_TRY(DerReader version, body.enter(tag::context_constructed(0), kWhat));
    CERTSPAN_PKI_TRY([[maybe_unused]] const std::uint32_t only, version.small_integer(0));
    CERTSPAN_PKI_CHECK(version.finish());
  }
  CERTSPAN_PKI_CHECK(body.optional(tag::context_constructed(1)));  // requestorName
  CERTSPAN_PKI_CHECK(read_list(body, request.cert_ids));
  CERTSPAN_PKI_CHECK(read_optional_extensions(body, 2, &request.nonce));
  CERTSPAN_PKI_CHECK(body.finish());
  return request;
}

}  // namespace

Result<CertId> parse_cert_id(BytesView der) {
  DerReader reader(der, kWhatId);
  CERTSPAN_PKI_TRY(const CertId id, read_cert_id(reader));
  CERTSPAN_PKI_CHECK(reader.finish());
  return id;
}

Result<OcspIssuer> OcspIssuer::make(const Certificate& ca) {
  CERTSPAN_PKI_TRY(const PublicKey key, ca.public_key());
  OcspIssuer issuer;
  for (const Digest digest : {Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512}) {
    issuer.by_digest_.at(static_cast<std::size_t>(digest)) = {hash(digest, ca.subject()),
                                                              hash(digest, key.key_bits())};
  }
  return issuer;
}

bool OcspIssuer::is_named_by(const CertId& id) const {
  const Hashes& ours = by_digest_.at(static_cast<std::size_t>(id.digest));
  return equal(ours.name.view(), id.issuer_name_hash) && equal(ours.key.view(), id.issuer_key_hash);
}

Result<OcspRequest> parse_ocsp_request(BytesView der) {
  DerReader reader(der, kWhat);
  CERTSPAN_PKI_TRY(DerReader whole, reader.enter(tag::kSequence, kWhat));
  CERTSPAN_PKI_CHECK(reader.finish());
  CERTSPAN_PKI_TRY(OcspRequest request, read_to_be_signed(whole));
  CERTSPAN_PKI_CHECK(whole.optional(tag::context_constructed(0)));  // optionalSignature
  CERTSPAN_PKI_CHECK(whole.finish());
  return request;
}

}  // namespace certspan::pki
