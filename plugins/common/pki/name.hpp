// Distinguished names (RFC 5280 4.1.2.4): read, print, compare, write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

struct NameAttribute {
  Oid type;
  std::uint8_t string_tag = 0;
  std::string value;  // UTF-8
};

using Rdn = std::vector<NameAttribute>;

// In the order of the DER: the root of the directory first.
struct Name {
  std::vector<Rdn> rdns;

  bool empty() const { return rdns.empty(); }
  // The last value of an attribute, the one that tools show as "the" common name; nullptr if there is none.
  const std::string* find(const Oid& type) const;
};

// Reads one whole Name. Faults: Malformed; TooLarge beyond 64 RDNs or 8 attributes in one.
Result<Name> parse_name(BytesView der);

// RFC 4514 text, the last RDN first ("CN=laptop-7,O=Example"), for logs and labels: characters that could
// break a log line, steer a terminal or change how the rest looks (text.hpp, has_hidden_character) are
// escaped.
std::string to_string(const Name& name);
// The same from DER; "<malformed name>" if it is none.
std::string printable_name(BytesView der);

// Builds DER from RFC 4514 text. Types by short name (CN, O, OU, C, L, ST, STREET, DC, UID, E, SN, GN, T,
// serialNumber) or dotted; `+` joins attributes of one RDN; `\` escapes. Values become PrintableString where
// the characters allow, else UTF8String; countryName is a two-letter PrintableString; DC and E are IA5String.
// Empty text is the empty name.
Result<Bytes> encode_name(std::string_view text);

// Writes a name as a certificate carries it (RFC 5280 4.1.2.4, 4.1.2.6 and appendix A): PrintableString stays
// and any other string becomes UTF8String, but countryName, serialNumber and dnQualifier are PrintableString,
// domainComponent and emailAddress IA5String. An attribute type that is unknown here keeps its string type
// unless that is one of those that RFC 5280 retires (TeletexString, BMPString, UniversalString). Equal to
// what was read by `names_equal`. Fault: Malformed for a value with characters that its type can't hold, and
// for a country that is not two letters.
Result<Bytes> encode_name(const Name& name);

// Whether two DER names are the same by RFC 5280 7.1: string types do not matter, nor the case of ASCII
// letters, nor leading, trailing and repeated spaces. False if one of them is malformed and they are not the
// same bytes.
bool names_equal(BytesView a, BytesView b);

}  // namespace certspan::pki
