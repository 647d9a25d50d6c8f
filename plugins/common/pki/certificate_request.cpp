#include "plugins/common/pki/certificate_request.hpp"

#include <utility>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/text.hpp"
#include "plugins/common/pki/verified_requests.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxRequestAttributes = 32;
constexpr std::size_t kMaxChallengeOctets = 16UL * 1024;  // Intune's challenges take some kilobytes

struct Attributes {
  std::optional<SecretBytes> challenge;
  std::vector<Extension> extensions;
  std::vector<RequestAttribute> others;
};

Result<SecretBytes> read_challenge(const DerElement& value) {
  if (value.content.size() > kMaxChallengeOctets) {
    return fault(FaultKind::TooLarge, "challenge password: longer than 16 KB");
  }
  CERTSPAN_PKI_TRY(std::string text, read_text_of_clients(value, "challenge password"));
  SecretBytes secret(as_bytes(text));
  wipe(text.data(), text.size());
  return secret;
}

// An attribute of ours has exactly one value.
Result<DerElement> single_value(const DerElement& set, std::string_view what) {
  DerReader values(set.content, what);
  CERTSPAN_PKI_TRY(const DerElement value, values.next());
  CERTSPAN_PKI_CHECK(values.finish());
  return value;
}

Result<void> add_extensions(const DerElement& set, Attributes& attributes) {
  CERTSPAN_PKI_TRY(const DerElement value, single_value(set, "extension request"));
  DerReader outer(value.whole, "extension request");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "extension request"));
  CERTSPAN_PKI_TRY(const std::vector<Extension> extensions, read_extensions(sequence));
  for (const Extension& extension : extensions) {
    if (find_extension(attributes.extensions, extension.oid) != nullptr) {
      return fault(FaultKind::Malformed, "extension " + extension.oid.dotted() + " is asked for twice");
    }
    attributes.extensions.push_back(extension);
  }
  return {};
}

Result<void> add_attribute(DerReader& reader, Attributes& attributes) {
  CERTSPAN_PKI_TRY(DerReader sequence, reader.enter(tag::kSequence, "request attribute"));
  CERTSPAN_PKI_TRY(const Oid type, sequence.oid());
  CERTSPAN_PKI_TRY(const DerElement values, sequence.expect(tag::kSet));
  CERTSPAN_PKI_CHECK(sequence.finish());
  if (type == oids::kExtensionRequest || type == oids::kMsExtensionRequest) {
    return add_extensions(values, attributes);
  }
  if (type == oids::kChallengePassword) {
    if (attributes.challenge) return fault(FaultKind::Malformed, "challenge password stands there twice");
    CERTSPAN_PKI_TRY(const DerElement value, single_value(values, "challenge password"));
    CERTSPAN_PKI_TRY(attributes.challenge, read_challenge(value));
    return {};
  }
  attributes.others.push_back({type, values.whole});
  return {};
}

// [0] IMPLICIT SET OF Attribute, in whatever order; some tools leave it out when it is empty.
Result<Attributes> read_attributes(DerReader& info) {
  Attributes attributes;
  CERTSPAN_PKI_TRY(const std::optional<DerElement> set, info.optional(tag::context_constructed(0)));
  if (!set) return attributes;
  DerReader members(set->content, "request attributes");
  for (std::size_t count = 0; !members.at_end(); ++count) {
    if (count == kMaxRequestAttributes) return fault(FaultKind::TooLarge, "request attributes: more than 32");
    CERTSPAN_PKI_CHECK(add_attribute(members, attributes));
  }
  return attributes;
}

}  // namespace

Result<UnverifiedRequest> UnverifiedRequest::parse(BytesView der, const RequestOptions& options) {
  if (der.size() > options.max_size) return fault(FaultKind::TooLarge, "certificate request: too large");
  UnverifiedRequest unverified;
  CertificateRequest& request = unverified.request_;
  request.der_ = SecretBytes(der);
  DerReader outer(request.der_.reveal(), "certificate request");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "certificate request"));
  CERTSPAN_PKI_CHECK(outer.finish());

  DerReader bookmark = sequence;
  CERTSPAN_PKI_TRY(const DerElement info_element, bookmark.expect(tag::kSequence));
  request.info_ = info_element.whole;
  CERTSPAN_PKI_TRY(DerReader info, sequence.enter(tag::kSequence, "certificate request info"));
  CERTSPAN_PKI_TRY(const std::uint32_t version, info.small_integer(0));
  static_cast<void>(version);  // v1 is 0, the only one (RFC 2986 4.1)
  CERTSPAN_PKI_TRY(const DerElement subject, info.expect(tag::kSequence));
  request.subject_ = subject.whole;
  CERTSPAN_PKI_TRY(const Name name, parse_name(request.subject_));
  static_cast<void>(name);  // read for its faults: the bytes go into a certificate as they are
  CERTSPAN_PKI_TRY(const DerElement spki, info.expect(tag::kSequence));
  request.spki_view_ = spki.whole;
  CERTSPAN_PKI_TRY(Attributes attributes, read_attributes(info));
  CERTSPAN_PKI_CHECK(info.finish());

  CERTSPAN_PKI_TRY(request.algorithm_, read_signature_algorithm(sequence, "certificate request"));
  CERTSPAN_PKI_TRY(request.signature_, sequence.bit_octets());
  CERTSPAN_PKI_CHECK(sequence.finish());
  if (request.algorithm_.digest == Digest::Sha1 && !options.danger_allow_sha1) {
    return fault(FaultKind::UnsupportedAlgorithm, "certificate request: sha1 signatures are switched off");
  }
  request.challenge_ = std::move(attributes.challenge);
  request.extensions_ = std::move(attributes.extensions);
  request.other_attributes_ = std::move(attributes.others);
  return unverified;
}

Result<CertificateRequest> UnverifiedRequest::verify_with(PublicKey key) && {
  if (!equal(key.spki(), spki()))
    return fault(FaultKind::Internal, "certificate request: checked with another key");
  const Result<void> verified = key.verify(request_.algorithm_, request_.info_, request_.signature_);
  if (!verified) return fault(verified.error().kind, "certificate request: " + verified.error().message);
  VerifiedRequests::of_this_process().add(sha256(request_.der()));
  request_.key_ = std::move(key);
  return std::move(request_);
}

bool UnverifiedRequest::was_verified() const {
  return VerifiedRequests::of_this_process().has(sha256(request_.der()));
}

CertificateRequest UnverifiedRequest::once_verified(PublicKey key) && {
  request_.key_ = std::move(key);
  return std::move(request_);
}

Result<CertificateRequest> parse_certificate_request(BytesView der, const RequestOptions& options) {
  CERTSPAN_PKI_TRY(UnverifiedRequest request, UnverifiedRequest::parse(der, options));
  CERTSPAN_PKI_TRY(PublicKey key, PublicKey::parse(request.spki()));
  if (request.was_verified()) return std::move(request).once_verified(std::move(key));
  return std::move(request).verify_with(std::move(key));
}

}  // namespace certspan::pki
