// X.509 extensions as certificates carry them and requests ask for them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// One extension; `value` is the content of the OCTET STRING and points into what was parsed.
struct Extension {
  Oid oid;
  bool critical = false;
  BytesView value;
};

// KeyUsage as a set of bits: bit n is the named bit n of RFC 5280 4.2.1.3.
using KeyUsage = std::uint16_t;
namespace key_usage {
inline constexpr KeyUsage kDigitalSignature = 1U << 0U;
inline constexpr KeyUsage kNonRepudiation = 1U << 1U;
inline constexpr KeyUsage kKeyEncipherment = 1U << 2U;
inline constexpr KeyUsage kDataEncipherment = 1U << 3U;
inline constexpr KeyUsage kKeyAgreement = 1U << 4U;
inline constexpr KeyUsage kKeyCertSign = 1U << 5U;
inline constexpr KeyUsage kCrlSign = 1U << 6U;
inline constexpr KeyUsage kEncipherOnly = 1U << 7U;
inline constexpr KeyUsage kDecipherOnly = 1U << 8U;
}  // namespace key_usage

struct BasicConstraints {
  bool ca = false;
  std::optional<std::uint32_t> path_length;
};

// Reads the Extension members of an Extensions SEQUENCE that was entered. Faults: Malformed (also for an
// extension that stands there twice), TooLarge beyond 32 extensions.
Result<std::vector<Extension>> read_extensions(DerReader& sequence);

// The extension with this identifier, or nullptr.
const Extension* find_extension(std::span<const Extension> extensions, const Oid& oid);

// Values of single extensions; each takes the extension's `value`.
Result<KeyUsage> parse_key_usage(BytesView value);
Result<std::vector<Oid>> parse_extended_key_usage(BytesView value);
// Microsoft's application policies: purposes in the shape of certificate policies. Windows heeds them beside
// or instead of the extended key usage.
Result<std::vector<Oid>> parse_application_policies(BytesView value);
Result<BasicConstraints> parse_basic_constraints(BytesView value);
// The keyIdentifier of an AuthorityKeyIdentifier; empty if it names the issuer in another way.
Result<BytesView> parse_authority_key_identifier(BytesView value);
Result<BytesView> parse_subject_key_identifier(BytesView value);

// Writes one Extension; the writer of the value fills the OCTET STRING.
template <class WriteValue>
void write_extension(DerWriter& writer, const Oid& oid, bool critical, WriteValue write_value) {
  writer.begin(tag::kSequence).oid(oid);
  if (critical) writer.boolean(true);  // FALSE is the default, which DER leaves out
  writer.begin(tag::kOctetString);
  write_value(writer);
  writer.end().end();
}

}  // namespace certspan::pki
