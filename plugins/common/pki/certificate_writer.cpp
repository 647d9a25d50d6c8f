#include "plugins/common/pki/certificate_writer.hpp"

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/distribution_points.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxNewSerialOctets = 20;
constexpr std::size_t kEmptyNameSize = 2;  // 30 00
constexpr std::uint32_t kVersion3 = 2;

bool is_empty_name(BytesView name) {
  return name.size() <= kEmptyNameSize;
}

void write_basic_constraints(DerWriter& writer, bool ca, std::optional<std::uint32_t> path_length) {
  write_extension(writer, oids::kBasicConstraints, true, [&](DerWriter& value) {
    value.begin(tag::kSequence);
    if (ca) value.boolean(true);
    if (ca && path_length) value.integer(*path_length);
    value.end();
  });
}

void write_key_usage(DerWriter& writer, KeyUsage usage) {
  write_extension(writer, oids::kKeyUsage, true, [&](DerWriter& value) { value.named_bits(usage); });
}

void write_extended_key_usage(DerWriter& writer, const std::vector<Oid>& purposes) {
  write_extension(writer, oids::kExtendedKeyUsage, false, [&](DerWriter& value) {
    value.begin(tag::kSequence);
    for (const Oid& purpose : purposes) value.oid(purpose);
    value.end();
  });
}

void write_key_identifiers(DerWriter& writer, const CertificateTemplate& what) {
  if (!what.authority_key_id.empty()) {
    write_extension(writer, oids::kAuthorityKeyIdentifier, false, [&](DerWriter& value) {
      value.begin(tag::kSequence).primitive(tag::context(0), what.authority_key_id).end();
    });
  }
  write_extension(writer, oids::kSubjectKeyIdentifier, false,
                  [&](DerWriter& value) { value.octet_string(what.subject_key_id); });
}

void write_authority_info_access(DerWriter& writer, const CertificateTemplate& what) {
  if (what.ocsp_urls.empty() && what.ca_issuers_urls.empty()) return;
  write_extension(writer, oids::kAuthorityInfoAccess, false, [&](DerWriter& value) {
    value.begin(tag::kSequence);
    const auto write_all = [&value](const Oid& method, const std::vector<std::string>& urls) {
      for (const std::string& url : urls) {
        value.begin(tag::kSequence).oid(method);
        write_uri(value, url);
        value.end();
      }
    };
    write_all(oids::kAdOcsp, what.ocsp_urls);
    write_all(oids::kAdCaIssuers, what.ca_issuers_urls);
    value.end();
  });
}

void write_extensions(DerWriter& writer, const CertificateTemplate& what) {
  writer.begin(tag::context_constructed(3)).begin(tag::kSequence);
  write_key_identifiers(writer, what);
  write_basic_constraints(writer, what.ca, what.path_length);
  if (what.key_usage != 0) write_key_usage(writer, what.key_usage);
  if (!what.extended_key_usage.empty()) write_extended_key_usage(writer, what.extended_key_usage);
  if (!what.subject_alt_names.empty()) {
    write_extension(writer, oids::kSubjectAltName, is_empty_name(what.subject),
                    [&](DerWriter& value) { value.raw(what.subject_alt_names); });
  }
  write_distribution_points(writer, oids::kCrlDistributionPoints, what.crl_urls);
  write_authority_info_access(writer, what);
  for (const Extension& extra : what.extra_extensions) {
    write_extension(writer, extra.oid, extra.critical, [&](DerWriter& value) { value.raw(extra.value); });
  }
  writer.end().end();
}

Result<void> check_template(const CertificateTemplate& what) {
  if (what.not_after < what.not_before)
    return fault(FaultKind::Policy, "certificate: would end before it begins");
  if (is_empty_name(what.issuer)) return fault(FaultKind::Policy, "certificate: the issuer has no name");
  if (is_empty_name(what.subject) && what.subject_alt_names.empty()) {
    return fault(FaultKind::Policy, "certificate: neither subject nor alternative name");
  }
  if (what.ca && is_empty_name(what.subject))
    return fault(FaultKind::Policy, "certificate: a CA needs a subject");
  if (what.serial.empty() || what.serial.size() > kMaxNewSerialOctets ||
      (what.serial.size() == kMaxNewSerialOctets && what.serial[0] >= 0x80)) {
    return fault(FaultKind::Policy, "certificate: serial number must have 1 to 20 octets");
  }
  return {};
}

Bytes write_tbs(const CertificateTemplate& what, SignatureAlgorithm algorithm) {
  DerWriter writer(1536);
  writer.begin(tag::kSequence);
  writer.begin(tag::context_constructed(0)).integer(kVersion3).end();
  writer.unsigned_integer(what.serial);
  write_signature_algorithm(writer, algorithm);
  writer.raw(what.issuer);
  writer.begin(tag::kSequence).time(what.not_before).time(what.not_after).end();
  writer.raw(what.subject).raw(what.spki);
  write_extensions(writer, what);
  return writer.end().take();
}

bool asks_for_extensions(const RequestTemplate& what) {
  return what.ca || what.key_usage != 0 || !what.extended_key_usage.empty() ||
         !what.subject_alt_names.empty();
}

void write_extension_request(DerWriter& writer, const RequestTemplate& what) {
  if (!asks_for_extensions(what)) return;
  writer.begin(tag::kSequence).oid(oids::kExtensionRequest).begin(tag::kSet).begin(tag::kSequence);
  if (what.ca) write_basic_constraints(writer, true, std::nullopt);
  if (what.key_usage != 0) write_key_usage(writer, what.key_usage);
  if (!what.extended_key_usage.empty()) write_extended_key_usage(writer, what.extended_key_usage);
  if (!what.subject_alt_names.empty()) {
    write_extension(writer, oids::kSubjectAltName, is_empty_name(what.subject),
                    [&](DerWriter& value) { value.raw(what.subject_alt_names); });
  }
  writer.end().end().end();
}

void write_challenge(DerWriter& writer, const std::string& challenge) {
  if (challenge.empty()) return;
  const std::uint8_t string_tag = is_printable_string(challenge) ? tag::kPrintableString : tag::kUtf8String;
  writer.begin(tag::kSequence).oid(oids::kChallengePassword);
  writer.begin(tag::kSet).text(string_tag, challenge).end().end();
}

}  // namespace

Bytes make_serial(const RandomSerial& random) {
  Bytes serial(random.begin(), random.end());
  serial[0] = static_cast<std::uint8_t>(serial[0] & 0x7FU);
  if (std::ranges::all_of(serial, [](std::uint8_t octet) { return octet == 0; })) serial.back() = 1;
  return serial;
}

Result<Bytes> sign_and_frame(BytesView to_be_signed, const PrivateKey& key) {
  const SignatureAlgorithm algorithm = key.default_algorithm();
  CERTSPAN_PKI_TRY(const Bytes signature, key.sign(algorithm.digest, to_be_signed));
  DerWriter writer(to_be_signed.size() + signature.size() + 64);
  writer.begin(tag::kSequence).raw(to_be_signed);
  write_signature_algorithm(writer, algorithm);
  return writer.bit_string(signature).end().take();
}

Result<Bytes> write_certificate(const CertificateTemplate& what, const PrivateKey& issuer_key) {
  CERTSPAN_PKI_CHECK(check_template(what));
  return sign_and_frame(write_tbs(what, issuer_key.default_algorithm()), issuer_key);
}

Result<Bytes> write_certificate_request(const RequestTemplate& what, const PrivateKey& key) {
  DerWriter writer(1024);
  writer.begin(tag::kSequence).integer(0).raw(what.subject).raw(key.public_key().spki());
  writer.begin(tag::context_constructed(0));
  write_challenge(writer, what.challenge_password);
  write_extension_request(writer, what);
  writer.end_set_of().end();
  return sign_and_frame(writer.take(), key);
}

}  // namespace certspan::pki
