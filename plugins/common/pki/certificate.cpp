#include "plugins/common/pki/certificate.hpp"

#include <utility>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxSerialOctets = 20;  // RFC 5280 4.1.2.2

template <class T, class Parse>
Result<std::optional<T>> extension_value(std::span<const Extension> extensions, const Oid& oid, Parse parse) {
  const Extension* extension = find_extension(extensions, oid);
  if (extension == nullptr) return std::optional<T>();
  CERTSPAN_PKI_TRY(T value, parse(extension->value));
  return std::optional<T>(std::move(value));
}

// Version of a TBSCertificate: 0 is v1 (absent), 1 is v2, 2 is v3.
Result<std::uint32_t> read_version(DerReader& tbs) {
  if (tbs.peek() != tag::context_constructed(0)) return std::uint32_t{0};
  CERTSPAN_PKI_TRY(DerReader wrapper, tbs.enter(tag::context_constructed(0), "certificate version"));
  CERTSPAN_PKI_TRY(const std::uint32_t version, wrapper.small_integer(2));
  CERTSPAN_PKI_CHECK(wrapper.finish());
  if (version == 0) return fault(FaultKind::Malformed, "certificate version: the default is encoded");
  return version;
}

Result<std::vector<Extension>> read_certificate_extensions(DerReader& tbs) {
  CERTSPAN_PKI_TRY(DerReader wrapper, tbs.enter(tag::context_constructed(3), "certificate extensions"));
  CERTSPAN_PKI_TRY(DerReader sequence, wrapper.enter(tag::kSequence, "certificate extensions"));
  CERTSPAN_PKI_CHECK(wrapper.finish());
  if (sequence.at_end()) return fault(FaultKind::Malformed, "certificate extensions: empty");
  return read_extensions(sequence);
}

}  // namespace

Result<Certificate> Certificate::parse(BytesView der) {
  if (der.size() > kMaxSize) return fault(FaultKind::TooLarge, "certificate: too large");
  Certificate certificate;
  certificate.der_ = to_bytes(der);
  DerReader outer(certificate.der_, "certificate");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "certificate"));
  CERTSPAN_PKI_CHECK(outer.finish());
  DerReader bookmark = sequence;
  CERTSPAN_PKI_TRY(const DerElement tbs, bookmark.expect(tag::kSequence));
  certificate.tbs_ = tbs.whole;
  CERTSPAN_PKI_TRY(const DerReader tbs_reader, sequence.enter(tag::kSequence, "certificate"));
  CERTSPAN_PKI_CHECK(certificate.read_tbs(tbs_reader));
  CERTSPAN_PKI_TRY(const DerElement algorithm, sequence.expect(tag::kSequence));
  // The unsigned copy must say what the signed one says (RFC 5280 4.1.1.2).
  if (!equal(algorithm.whole, certificate.algorithm_)) {
    return fault(FaultKind::Malformed, "certificate: its two signature algorithms differ");
  }
  CERTSPAN_PKI_TRY(certificate.signature_, sequence.bit_octets());
  CERTSPAN_PKI_CHECK(sequence.finish());
  return certificate;
}

Result<void> Certificate::read_tbs(DerReader tbs) {
  CERTSPAN_PKI_TRY(const std::uint32_t version, read_version(tbs));
  CERTSPAN_PKI_TRY(serial_, tbs.unsigned_integer());
  if (serial_.size() > kMaxSerialOctets)
    return fault(FaultKind::TooLarge, "certificate serial: over 20 octets");
  CERTSPAN_PKI_TRY(const DerElement algorithm, tbs.expect(tag::kSequence));
  algorithm_ = algorithm.whole;
  CERTSPAN_PKI_TRY(const DerElement issuer, tbs.expect(tag::kSequence));
  issuer_ = issuer.whole;
  CERTSPAN_PKI_TRY(DerReader validity, tbs.enter(tag::kSequence, "certificate validity"));
  CERTSPAN_PKI_TRY(not_before_, validity.time());
  CERTSPAN_PKI_TRY(not_after_, validity.time());
  CERTSPAN_PKI_CHECK(validity.finish());
  CERTSPAN_PKI_TRY(const DerElement subject, tbs.expect(tag::kSequence));
  subject_ = subject.whole;
  CERTSPAN_PKI_TRY(const DerElement spki, tbs.expect(tag::kSequence));
  spki_ = spki.whole;
  for (const std::uint8_t unique_id : {tag::context(1), tag::context(2)}) {
    CERTSPAN_PKI_TRY(const std::optional<DerElement> ignored, tbs.optional(unique_id));
    if (ignored && version == 0)
      return fault(FaultKind::Malformed, "certificate: unique identifier in version 1");
  }
  if (!tbs.at_end()) {
    if (version != 2) return fault(FaultKind::Malformed, "certificate: extensions need version 3");
    CERTSPAN_PKI_TRY(extensions_, read_certificate_extensions(tbs));
    CERTSPAN_PKI_CHECK(tbs.finish());
  }
  if (const Extension* extension = find_extension(extensions_, oids::kSubjectKeyIdentifier)) {
    CERTSPAN_PKI_TRY(subject_key_identifier_, parse_subject_key_identifier(extension->value));
  }
  if (const Extension* extension = find_extension(extensions_, oids::kAuthorityKeyIdentifier)) {
    CERTSPAN_PKI_TRY(authority_key_identifier_, parse_authority_key_identifier(extension->value));
  }
  return {};
}

Result<std::optional<KeyUsage>> Certificate::key_usage() const {
  return extension_value<KeyUsage>(extensions_, oids::kKeyUsage, parse_key_usage);
}

Result<std::optional<std::vector<Oid>>> Certificate::extended_key_usage() const {
  return extension_value<std::vector<Oid>>(extensions_, oids::kExtendedKeyUsage, parse_extended_key_usage);
}

Result<std::optional<BasicConstraints>> Certificate::basic_constraints() const {
  return extension_value<BasicConstraints>(extensions_, oids::kBasicConstraints, parse_basic_constraints);
}

Result<std::optional<std::vector<GeneralName>>> Certificate::subject_alt_names() const {
  return extension_value<std::vector<GeneralName>>(extensions_, oids::kSubjectAltName, parse_general_names);
}

bool Certificate::is_self_issued() const {
  return names_equal(issuer_, subject_);
}

bool Certificate::is_ca() const {
  const auto constraints = basic_constraints();
  return constraints && *constraints && (*constraints)->ca;
}

Result<void> Certificate::verify_issued_by(const Certificate& issuer) const {
  if (!names_equal(issuer_, issuer.subject_))
    return fault(FaultKind::Policy, "certificate: issued by another name");
  if (!authority_key_identifier_.empty() && !issuer.subject_key_identifier_.empty() &&
      !equal(authority_key_identifier_, issuer.subject_key_identifier_)) {
    return fault(FaultKind::Policy, "certificate: issued by another key");
  }
  if (!issuer.is_ca()) return fault(FaultKind::Policy, "certificate: its issuer is no certificate authority");
  CERTSPAN_PKI_TRY(const std::optional<KeyUsage> usage, issuer.key_usage());
  if (usage && (*usage & key_usage::kKeyCertSign) == 0) {
    return fault(FaultKind::Policy, "certificate: its issuer may not sign certificates");
  }
  DerReader reader(algorithm_, "certificate");
  CERTSPAN_PKI_TRY(const SignatureAlgorithm algorithm, read_signature_algorithm(reader, "certificate"));
  if (algorithm.digest == Digest::Sha1) {
    return fault(FaultKind::UnsupportedAlgorithm, "certificate: signed with sha1");
  }
  CERTSPAN_PKI_TRY(const PublicKey key, issuer.public_key());
  return key.verify(algorithm, tbs_, signature_);
}

Result<CertificateOutline> read_certificate_outline(BytesView der) {
  DerReader outer(der, "certificate");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "certificate"));
  CERTSPAN_PKI_TRY(DerReader tbs, sequence.enter(tag::kSequence, "certificate"));
  CERTSPAN_PKI_TRY(const std::optional<DerElement> version, tbs.optional(tag::context_constructed(0)));
  static_cast<void>(version);
  CertificateOutline outline;
  CERTSPAN_PKI_TRY(const DerElement serial, tbs.expect(tag::kInteger));
  outline.serial = serial.content;
  CERTSPAN_PKI_TRY(const DerElement algorithm, tbs.expect(tag::kSequence));
  static_cast<void>(algorithm);
  CERTSPAN_PKI_TRY(const DerElement issuer, tbs.expect(tag::kSequence));
  outline.issuer = issuer.whole;
  CERTSPAN_PKI_TRY(const DerElement validity, tbs.expect(tag::kSequence));
  static_cast<void>(validity);
  CERTSPAN_PKI_TRY(const DerElement subject, tbs.expect(tag::kSequence));
  outline.subject = subject.whole;
  CERTSPAN_PKI_TRY(const DerElement spki, tbs.expect(tag::kSequence));
  outline.spki = spki.whole;
  return outline;
}

Bytes issuer_and_serial(const CertificateOutline& outline) {
  DerWriter writer;
  writer.begin(tag::kSequence).raw(outline.issuer).primitive(tag::kInteger, outline.serial).end();
  return writer.take();
}

}  // namespace certspan::pki
