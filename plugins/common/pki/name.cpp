#include "plugins/common/pki/name.hpp"

#include <algorithm>
#include <array>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxRdns = 64;
constexpr std::size_t kMaxAttributesInRdn = 8;

struct ShortName {
  std::string_view text;
  Oid oid;
};

// The first entry of an oid is the one that is printed.
constexpr std::array<ShortName, 21> kShortNames = {{
    {"CN", oids::kCommonName},
    {"O", oids::kOrganizationName},
    {"OU", oids::kOrganizationalUnit},
    {"C", oids::kCountryName},
    {"L", oids::kLocalityName},
    {"ST", oids::kStateName},
    {"STREET", oids::kStreetAddress},
    {"DC", oids::kDomainComponent},
    {"UID", oids::kUserId},
    {"E", oids::kEmailAddress},
    {"SN", oids::kSurname},
    {"GN", oids::kGivenName},
    {"T", oids::kTitle},
    {"serialNumber", oids::kSerialNumber},
    {"initials", oids::kInitials},
    {"dnQualifier", oids::kDnQualifier},
    {"pseudonym", oids::kPseudonym},
    {"S", oids::kStateName},
    {"emailAddress", oids::kEmailAddress},
    {"surname", oids::kSurname},
    {"givenName", oids::kGivenName},
}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string type_text(const Oid& type) {
  for (const ShortName& known : kShortNames) {
    if (known.oid == type) return std::string(known.text);
  }
  return type.dotted();
}

Result<NameAttribute> read_attribute(DerReader& rdn) {
  CERTSPAN_PKI_TRY(DerReader sequence, rdn.enter(tag::kSequence, "name attribute"));
  NameAttribute attribute;
  CERTSPAN_PKI_TRY(attribute.type, sequence.oid());
  CERTSPAN_PKI_TRY(const DerElement value, sequence.next());
  CERTSPAN_PKI_CHECK(sequence.finish());
  attribute.string_tag = value.tag;
  CERTSPAN_PKI_TRY(attribute.value, read_text(value, "name attribute"));
  return attribute;
}

void append_escaped(std::string& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size();) {
    const LeadingCharacter character = leading_character(value.substr(i));
    const char c = value[i];
    const bool edge_space = c == ' ' && (i == 0 || i + 1 == value.size());
    if (character.hidden) {
      append_hex_escaped(out, character.octets);
    } else {
      const bool special = std::string_view("\",+;<>\\=").find(c) != std::string_view::npos;
      if (edge_space || special || (c == '#' && i == 0)) out.push_back('\\');
      out += character.octets;
    }
    i += character.octets.size();
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// One `type=value` with the separator that ended it (',', '+' or 0), taken from the front of `text`.
struct TextAttribute {
  Oid type;
  std::string value;
  char separator = 0;
};

Result<Oid> parse_type(std::string_view word) {
  for (const ShortName& known : kShortNames) {
    if (same_word(known.text, word)) return known.oid;
  }
  if (const std::optional<Oid> oid = Oid::from_dotted(word)) return *oid;
  return fault(FaultKind::Malformed, "name: unknown attribute type \"" + std::string(word) + "\"");
}

Result<TextAttribute> take_attribute(std::string_view& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return fault(FaultKind::Malformed, "name: expected type=value");
  TextAttribute attribute;
  CERTSPAN_PKI_TRY(attribute.type, parse_type(trim(text.substr(0, equals))));
  text.remove_prefix(equals + 1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::size_t keep = 0;  // trailing spaces beyond this were not escaped
  std::size_t i = 0;
  for (; i < text.size() && text[i] != ',' && text[i] != '+'; ++i) {
    if (text[i] != '\\') {
      attribute.value.push_back(text[i]);
      if (text[i] != ' ') keep = attribute.value.size();
      continue;
    }
    if (++i == text.size()) return fault(FaultKind::Malformed, "name: ends in an escape");
    const int high = hex_digit(text[i]);
    const int low = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    if (high >= 0 && low >= 0) {
      attribute.value.push_back(static_cast<char>(high * 16 + low));
      ++i;
    } else {
      attribute.value.push_back(text[i]);
    }
    keep = attribute.value.size();
  }
  attribute.value.resize(keep);
  if (i < text.size()) attribute.separator = text[i++];
  text.remove_prefix(i);
  if (attribute.separator != 0 && trim(text).empty()) {
    return fault(FaultKind::Malformed, "name: ends in a separator");
  }
  return attribute;
}

bool is_known(const Oid& type) {
  return std::ranges::any_of(kShortNames, [&type](const ShortName& known) { return known.oid == type; });
}

bool is_country_code(std::string_view text) {
  return text.size() == 2 &&
         std::ranges::all_of(text, [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; });
}

// The one string type that RFC 5280 appendix A gives to some attributes; 0 for the others.
Result<std::uint8_t> prescribed_tag(const Oid& type, std::string_view value) {
  if (type == oids::kCountryName) {
    if (is_country_code(value)) return tag::kPrintableString;
    return fault(FaultKind::Malformed, "name: C needs a country code of two letters");
  }
  if (type == oids::kDomainComponent || type == oids::kEmailAddress) {
    if (is_ascii(value)) return tag::kIa5String;
    return fault(FaultKind::Malformed, "name: " + type_text(type) + " takes ASCII only");
  }
  if (type == oids::kSerialNumber || type == oids::kDnQualifier) {
    if (is_printable_string(value)) return tag::kPrintableString;
    return fault(FaultKind::Malformed,
                 "name: " + type_text(type) + " takes the characters of a PrintableString only");
  }
  return std::uint8_t{0};
}

Result<std::uint8_t> string_tag_for(const TextAttribute& attribute) {
  if (attribute.value.empty()) {
    return fault(FaultKind::Malformed, "name: " + type_text(attribute.type) + " is empty");
  }
  if (!is_valid_utf8(attribute.value) || attribute.value.find('\0') != std::string::npos) {
    return fault(FaultKind::Malformed, "name: " + type_text(attribute.type) + " is not text");
  }
  CERTSPAN_PKI_TRY(const std::uint8_t prescribed, prescribed_tag(attribute.type, attribute.value));
  if (prescribed != 0) return prescribed;
  return is_printable_string(attribute.value) ? tag::kPrintableString : tag::kUtf8String;
}

bool is_retired(std::uint8_t string_tag) {
  return string_tag == tag::kT61String || string_tag == tag::kBmpString ||
         string_tag == tag::kUniversalString;
}

Result<std::uint8_t> string_tag_for(const NameAttribute& attribute) {
  CERTSPAN_PKI_TRY(const std::uint8_t prescribed, prescribed_tag(attribute.type, attribute.value));
  if (prescribed != 0) return prescribed;
  const bool keep = attribute.string_tag == tag::kPrintableString ||
                    (!is_known(attribute.type) && !is_retired(attribute.string_tag));
  return keep ? attribute.string_tag : tag::kUtf8String;
}

// RFC 4518 in short: ASCII case, and spaces at the ends and repeated.
std::string comparable(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c == ' ' && !out.empty() && out.back() == ' ') continue;
    out.push_back(lower(c));
  }
  return out;
}

bool rdns_equal(const Rdn& a, const Rdn& b) {
  return std::ranges::is_permutation(a, b, [](const NameAttribute& x, const NameAttribute& y) {
    return x.type == y.type && comparable(x.value) == comparable(y.value);
  });
}

}  // namespace

const std::string* Name::find(const Oid& type) const {
  const std::string* found = nullptr;
  for (const Rdn& rdn : rdns) {
    for (const NameAttribute& attribute : rdn) {
      if (attribute.type == type) found = &attribute.value;
    }
  }
  return found;
}

Result<Name> parse_name(BytesView der) {
  DerReader outer(der, "name");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "name"));
  CERTSPAN_PKI_CHECK(outer.finish());
  Name name;
  while (!sequence.at_end()) {
    if (name.rdns.size() == kMaxRdns) return fault(FaultKind::TooLarge, "name: more than 64 parts");
    CERTSPAN_PKI_TRY(DerReader set, sequence.enter(tag::kSet, "relative distinguished name"));
    Rdn rdn;
    do {
      if (rdn.size() == kMaxAttributesInRdn)
        return fault(FaultKind::TooLarge, "name: part with too many attributes");
      CERTSPAN_PKI_TRY(NameAttribute attribute, read_attribute(set));
      rdn.push_back(std::move(attribute));
    } while (!set.at_end());
    name.rdns.push_back(std::move(rdn));
  }
  return name;
}

std::string to_string(const Name& name) {
  std::string out;
  for (auto rdn = name.rdns.rbegin(); rdn != name.rdns.rend(); ++rdn) {
    for (std::size_t i = 0; i < rdn->size(); ++i) {
      if (i != 0) {
        out.push_back('+');
      } else if (!out.empty()) {
        out.push_back(',');
      }
      out += type_text((*rdn)[i].type) + "=";
      append_escaped(out, (*rdn)[i].value);
    }
  }
  return out;
}

std::string printable_name(BytesView der) {
  const Result<Name> name = parse_name(der);
  return name ? to_string(*name) : "<malformed name>";
}

Result<Bytes> encode_name(std::string_view text) {
  std::vector<Bytes> rdns;
  // Spaces at the end may be escaped; the attribute in front of them knows.
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  while (!text.empty()) {
    DerWriter rdn(64);
    rdn.begin(tag::kSet);
    char separator = '+';
    while (separator == '+') {
      CERTSPAN_PKI_TRY(const TextAttribute attribute, take_attribute(text));
      CERTSPAN_PKI_TRY(const std::uint8_t string_tag, string_tag_for(attribute));
      rdn.begin(tag::kSequence).oid(attribute.type).text(string_tag, attribute.value).end();
      separator = attribute.separator;
    }
    rdn.end_set_of();
    rdns.push_back(rdn.take());
  }
  if (rdns.size() > kMaxRdns) return fault(FaultKind::TooLarge, "name: more than 64 parts");
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (auto rdn = rdns.rbegin(); rdn != rdns.rend(); ++rdn) writer.raw(*rdn);
  return writer.end().take();
}

Result<Bytes> encode_name(const Name& name) {
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (const Rdn& rdn : name.rdns) {
    DerWriter set(64);
    set.begin(tag::kSet);
    for (const NameAttribute& attribute : rdn) {
      CERTSPAN_PKI_TRY(const std::uint8_t string_tag, string_tag_for(attribute));
      set.begin(tag::kSequence).oid(attribute.type).text(string_tag, attribute.value).end();
    }
    set.end_set_of();
    writer.raw(set.take());
  }
  return writer.end().take();
}

bool names_equal(BytesView a, BytesView b) {
  if (equal(a, b)) return true;
  const Result<Name> left = parse_name(a);
  const Result<Name> right = parse_name(b);
  return left && right && std::ranges::equal(left->rdns, right->rdns, rdns_equal);
}

}  // namespace certspan::pki
