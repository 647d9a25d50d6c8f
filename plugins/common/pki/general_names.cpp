#include "plugins/common/pki/general_names.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxNames = 128;

Result<GeneralName> read_other_name(const DerElement& element) {
  DerReader reader(element.content, "other name");
  GeneralName name;
  name.kind = GeneralNameKind::OtherName;
  CERTSPAN_PKI_TRY(name.other_type, reader.oid());
  CERTSPAN_PKI_TRY(const DerElement wrapped, reader.expect(tag::context_constructed(0)));
  CERTSPAN_PKI_CHECK(reader.finish());
  DerReader inner(wrapped.content, "other name value");
  CERTSPAN_PKI_TRY(const DerElement value, inner.next());
  CERTSPAN_PKI_CHECK(inner.finish());
  if (name.other_type == oids::kMsUserPrincipalName) {
    if (value.tag != tag::kUtf8String) {
      return fault(FaultKind::Malformed, "user principal name: not a UTF8String");
    }
    name.kind = GeneralNameKind::Upn;
    CERTSPAN_PKI_TRY(name.value, read_text(value, "user principal name"));
    return name;
  }
  name.value = as_text(value.whole);
  return name;
}

Result<GeneralName> text_name(GeneralNameKind kind, BytesView content) {
  const std::string_view text = as_text(content);
  if (text.empty() || !is_ascii(text) || text.find('\0') != std::string_view::npos) {
    return fault(FaultKind::Malformed, std::string(general_name_kind_name(kind)) +
                                           " name: empty or with characters that IA5String lacks");
  }
  return GeneralName{kind, std::string(text), {}};
}

Result<GeneralName> directory_name(BytesView content) {
  const Result<Name> parsed = parse_name(content);
  if (!parsed) return tl::unexpected(parsed.error());
  return GeneralName{GeneralNameKind::Directory, std::string(as_text(content)), {}};
}

Result<GeneralName> read_general_name(DerReader& sequence) {
  CERTSPAN_PKI_TRY(const DerElement element, sequence.next());
  switch (element.tag) {
    case tag::context_constructed(0):
      return read_other_name(element);
    case tag::context(1):
      return text_name(GeneralNameKind::Email, element.content);
    case tag::context(2):
      return text_name(GeneralNameKind::Dns, element.content);
    case tag::context_constructed(3):
      return GeneralName{GeneralNameKind::X400, std::string(as_text(element.content)), {}};
    case tag::context_constructed(4):
      return directory_name(element.content);
    case tag::context_constructed(5):
      return GeneralName{GeneralNameKind::EdiParty, std::string(as_text(element.content)), {}};
    case tag::context(6):
      return text_name(GeneralNameKind::Uri, element.content);
    case tag::context(7):
      if (element.content.size() != 4 && element.content.size() != 16) break;
      return GeneralName{GeneralNameKind::Ip, std::string(as_text(element.content)), {}};
    case tag::context(8): {
      CERTSPAN_PKI_TRY(const Oid oid, check_oid(element.content, "registered id"));
      return GeneralName{GeneralNameKind::RegisteredId, std::string(as_text(oid.content())), {}};
    }
    default:
      break;
  }
  return fault(FaultKind::Malformed, "general name: bad form");
}

void write_general_name(DerWriter& writer, const GeneralName& name) {
  const BytesView value = as_bytes(name.value);
  switch (name.kind) {
    case GeneralNameKind::Upn:
      writer.begin(tag::context_constructed(0)).oid(oids::kMsUserPrincipalName);
      writer.begin(tag::context_constructed(0)).primitive(tag::kUtf8String, value).end().end();
      return;
    case GeneralNameKind::OtherName:
      writer.begin(tag::context_constructed(0)).oid(name.other_type);
      writer.begin(tag::context_constructed(0)).raw(value).end().end();
      return;
    case GeneralNameKind::Email:
      writer.primitive(tag::context(1), value);
      return;
    case GeneralNameKind::Dns:
      writer.primitive(tag::context(2), value);
      return;
    case GeneralNameKind::X400:
      writer.primitive(tag::context_constructed(3), value);
      return;
    case GeneralNameKind::Directory:
      writer.primitive(tag::context_constructed(4), value);
      return;
    case GeneralNameKind::EdiParty:
      writer.primitive(tag::context_constructed(5), value);
      return;
    case GeneralNameKind::Uri:
      writer.primitive(tag::context(6), value);
      return;
    case GeneralNameKind::Ip:
      writer.primitive(tag::context(7), value);
      return;
    case GeneralNameKind::RegisteredId:
      writer.primitive(tag::context(8), value);
      return;
  }
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_good_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

// RFC 1034 3.5 with digits first (RFC 1123) and the underscore that Windows host names have.
bool is_good_host(std::string_view host, bool wildcard) {
  if (host.empty() || host.size() > 253) return false;
  if (wildcard && host.starts_with("*.")) {
    host.remove_prefix(2);
    if (host.find('.') == std::string_view::npos) return false;
  }
  while (true) {
    const std::size_t dot = host.find('.');
    if (!is_good_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

// Such a name has a kind of its own, which a profile may well not allow.
bool is_ipv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_visible(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet <= 0x20 || octet == 0x7F;
  });
}

bool is_good_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  const std::string_view local = text.substr(0, at);
  return is_visible(local) && local.find_first_of("@<>()[],;:\\\"") == std::string_view::npos &&
         is_good_host(text.substr(at + 1), false);
}

bool is_good_upn(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && at != 0 && at + 1 < text.size() && text.size() <= 1024 &&
         is_visible(text) && !has_hidden_character(text) && text.find('@') == at;
}

bool is_good_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !is_visible(text))
    return false;
  const std::string_view scheme = text.substr(0, colon);
  return !(scheme[0] >= '0' && scheme[0] <= '9') && is_alphanumeric(scheme[0]) &&
         text.find_first_of("<>\"{}|\\^`") == std::string_view::npos &&
         std::ranges::all_of(scheme,
                             [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
}

std::string ip_text(BytesView octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  return inet_ntop(family, octets.data(), text.data(), text.size()) != nullptr ? text.data() : "?";
}

}  // namespace

std::string_view general_name_kind_name(GeneralNameKind kind) {
  switch (kind) {
    case GeneralNameKind::Email:
      return "email";
    case GeneralNameKind::Dns:
      return "dns";
    case GeneralNameKind::Uri:
      return "uri";
    case GeneralNameKind::Ip:
      return "ip";
    case GeneralNameKind::Upn:
      return "upn";
    case GeneralNameKind::OtherName:
      return "other_name";
    case GeneralNameKind::Directory:
      return "directory";
    case GeneralNameKind::RegisteredId:
      return "registered_id";
    case GeneralNameKind::X400:
      return "x400";
    case GeneralNameKind::EdiParty:
      return "edi_party";
  }
  return "unknown";
}

Result<std::vector<GeneralName>> parse_general_names(BytesView der) {
  DerReader outer(der, "general names");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "general names"));
  CERTSPAN_PKI_CHECK(outer.finish());
  std::vector<GeneralName> names;
  do {
    if (names.size() == kMaxNames) return fault(FaultKind::TooLarge, "general names: more than 128");
    CERTSPAN_PKI_TRY(GeneralName name, read_general_name(sequence));
    names.push_back(std::move(name));
  } while (!sequence.at_end());
  return names;
}

Bytes encode_general_names(std::span<const GeneralName> names) {
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (const GeneralName& name : names) write_general_name(writer, name);
  return writer.end().take();
}

Result<void> check_general_name(const GeneralName& name) {
  bool good = true;
  switch (name.kind) {
    case GeneralNameKind::Dns:
      good = is_good_host(name.value, true) && !is_ipv4(name.value);
      break;
    case GeneralNameKind::Email:
      good = is_good_email(name.value);
      break;
    case GeneralNameKind::Uri:
      good = is_good_uri(name.value);
      break;
    case GeneralNameKind::Upn:
      good = is_good_upn(name.value);
      break;
    case GeneralNameKind::Ip:
    case GeneralNameKind::OtherName:
    case GeneralNameKind::Directory:
    case GeneralNameKind::RegisteredId:
    case GeneralNameKind::X400:
    case GeneralNameKind::EdiParty:
      break;
  }
  if (good) return {};
  return fault(FaultKind::Malformed, to_string(name) + " is not a well-formed name of its kind");
}

std::string to_string(const GeneralName& name) {
  std::string text = std::string(general_name_kind_name(name.kind)) + ":";
  const BytesView value = as_bytes(name.value);
  switch (name.kind) {
    case GeneralNameKind::Ip:
      return text + ip_text(value);
    case GeneralNameKind::Directory:
      return text + printable_name(value);
    case GeneralNameKind::RegisteredId:
      return text + Oid::from_content(value).dotted();
    case GeneralNameKind::OtherName:
      return text + name.other_type.dotted() + ";" + to_hex(value);
    case GeneralNameKind::X400:
    case GeneralNameKind::EdiParty:
      return text + to_hex(value);
    case GeneralNameKind::Email:
    case GeneralNameKind::Dns:
    case GeneralNameKind::Uri:
    case GeneralNameKind::Upn:
      break;
  }
  for (std::string_view rest = name.value; !rest.empty();) {
    const LeadingCharacter character = leading_character(rest);
    if (character.hidden) {
      append_hex_escaped(text, character.octets);
    } else {
      text += character.octets;
    }
    rest.remove_prefix(character.octets.size());
  }
  return text;
}

std::string names_for_people(BytesView general_names, std::size_t most) {
  std::string text;
  const auto names = parse_general_names(general_names);
  if (!names) return text;
  for (const GeneralName& name : *names) {
    if (name.kind > GeneralNameKind::Upn) continue;
    const std::string told = to_string(name);
    if (told.find(' ') != std::string::npos || text.size() + told.size() + 1 > most) continue;
    if (!text.empty()) text += ' ';
    text += told;
  }
  return text;
}

}  // namespace certspan::pki
