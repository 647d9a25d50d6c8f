// ASN.1 character strings to UTF-8, with nothing lost silently.
#pragma once

#include <string>
#include <string_view>

#include "plugins/common/pki/der_reader.hpp"

namespace certspan::pki {

// The characters of a string element as UTF-8. Takes PrintableString, UTF8String, IA5String, NumericString,
// VisibleString, T61String (read as Latin-1, which is what is found in it), BMPString and UniversalString.
// Faults: Malformed for characters that the type does not have, broken UTF-8, surrogates and NUL.
Result<std::string> read_text(const DerElement& element, std::string_view what);

// The same, but a PrintableString may hold any ASCII: clients call passwords and ids so whatever is in them.
Result<std::string> read_text_of_clients(const DerElement& element, std::string_view what);

bool is_string_tag(std::uint8_t tag);
// Whether PrintableString can hold the text (X.680 41.4).
bool is_printable_string(std::string_view text);
bool is_valid_utf8(std::string_view text);
bool is_ascii(std::string_view text);
// Whether UTF-8 text holds what a reader does not see or what changes how the rest looks: control characters
// (C0, DEL, C1), line and paragraph separators, marks and overrides of the writing direction, a byte order
// mark. True for broken UTF-8 too. Joiners are letters' matter and pass.
bool has_hidden_character(std::string_view text);
// The octets of the character that `text` begins with (one of what is no UTF-8), and whether it is such a
// one. Precondition: `text` is not empty.
struct LeadingCharacter {
  std::string_view octets;
  bool hidden = false;
};
LeadingCharacter leading_character(std::string_view text);
// `\` and two hexadecimal digits for each octet of a hidden character, as RFC 4514 escapes them.
void append_hex_escaped(std::string& out, std::string_view octets);
// Number of characters of valid UTF-8.
std::size_t count_characters(std::string_view text);

}  // namespace certspan::pki
