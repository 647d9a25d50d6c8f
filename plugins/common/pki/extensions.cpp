#include "plugins/common/pki/extensions.hpp"

#include <limits>
#include <string>

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxExtensions = 32;
constexpr std::size_t kMaxPurposes = 64;

// A reader over the SEQUENCE that a value consists of.
Result<DerReader> enter_value(BytesView value, std::string_view what) {
  DerReader outer(value, what);
  CERTSPAN_PKI_TRY(const DerReader sequence, outer.enter(tag::kSequence, what));
  CERTSPAN_PKI_CHECK(outer.finish());
  return sequence;
}

}  // namespace

Result<std::vector<Extension>> read_extensions(DerReader& sequence) {
  std::vector<Extension> extensions;
  extensions.reserve(8);
  while (!sequence.at_end()) {
    if (extensions.size() == kMaxExtensions) return fault(FaultKind::TooLarge, "extensions: more than 32");
    CERTSPAN_PKI_TRY(DerReader reader, sequence.enter(tag::kSequence, "extension"));
    Extension extension;
    CERTSPAN_PKI_TRY(extension.oid, reader.oid());
    if (reader.peek() == tag::kBoolean) {
      CERTSPAN_PKI_TRY(extension.critical, reader.boolean());
    }
    CERTSPAN_PKI_TRY(extension.value, reader.octet_string());
    CERTSPAN_PKI_CHECK(reader.finish());
    if (find_extension(extensions, extension.oid) != nullptr) {
      return fault(FaultKind::Malformed, "extension " + extension.oid.dotted() + " stands there twice");
    }
    extensions.push_back(extension);
  }
  return extensions;
}

const Extension* find_extension(std::span<const Extension> extensions, const Oid& oid) {
  for (const Extension& extension : extensions) {
    if (extension.oid == oid) return &extension;
  }
  return nullptr;
}

Result<KeyUsage> parse_key_usage(BytesView value) {
  DerReader reader(value, "key usage");
  CERTSPAN_PKI_TRY(const DerBitString bits, reader.bit_string());
  CERTSPAN_PKI_CHECK(reader.finish());
  if (bits.bytes.size() > 2) return fault(FaultKind::Malformed, "key usage: too many bits");
  KeyUsage usage = 0;
  for (std::size_t bit = 0; bit < bits.bytes.size() * 8; ++bit) {
    if ((bits.bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) usage = static_cast<KeyUsage>(usage | (1U << bit));
  }
  return usage;
}

Result<std::vector<Oid>> parse_extended_key_usage(BytesView value) {
  CERTSPAN_PKI_TRY(DerReader sequence, enter_value(value, "extended key usage"));
  std::vector<Oid> purposes;
  do {
    if (purposes.size() == kMaxPurposes)
      return fault(FaultKind::TooLarge, "extended key usage: more than 64");
    CERTSPAN_PKI_TRY(const Oid purpose, sequence.oid());
    purposes.push_back(purpose);
  } while (!sequence.at_end());
  return purposes;
}

Result<std::vector<Oid>> parse_application_policies(BytesView value) {
  CERTSPAN_PKI_TRY(DerReader sequence, enter_value(value, "application policies"));
  std::vector<Oid> purposes;
  do {
    if (purposes.size() == kMaxPurposes)
      return fault(FaultKind::TooLarge, "application policies: more than 64");
    CERTSPAN_PKI_TRY(DerReader policy, sequence.enter(tag::kSequence, "application policy"));
    CERTSPAN_PKI_TRY(const Oid purpose, policy.oid());
    purposes.push_back(purpose);
  } while (!sequence.at_end());
  return purposes;
}

Result<BasicConstraints> parse_basic_constraints(BytesView value) {
  CERTSPAN_PKI_TRY(DerReader sequence, enter_value(value, "basic constraints"));
  BasicConstraints constraints;
  if (sequence.peek() == tag::kBoolean) {
    CERTSPAN_PKI_TRY(constraints.ca, sequence.boolean());
  }
  if (!sequence.at_end()) {
    CERTSPAN_PKI_TRY(constraints.path_length,
                     sequence.small_integer(std::numeric_limits<std::uint16_t>::max()));
  }
  CERTSPAN_PKI_CHECK(sequence.finish());
  return constraints;
}

Result<BytesView> parse_authority_key_identifier(BytesView value) {
  CERTSPAN_PKI_TRY(DerReader sequence, enter_value(value, "authority key identifier"));
  CERTSPAN_PKI_TRY(const std::optional<DerElement> identifier, sequence.optional(tag::context(0)));
  return identifier ? identifier->content : BytesView();
}

Result<BytesView> parse_subject_key_identifier(BytesView value) {
  DerReader reader(value, "subject key identifier");
  CERTSPAN_PKI_TRY(const BytesView identifier, reader.octet_string());
  CERTSPAN_PKI_CHECK(reader.finish());
  return identifier;
}

}  // namespace certspan::pki
