#include "plugins/common/pki/text.hpp"

#include <algorithm>

namespace certspan::pki {
namespace {

constexpr char32_t kInvalid = 0xFFFFFFFF;

void append_utf8(std::string& out, char32_t code) {
  const auto push = [&out](char32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | (code >> 6U));
    push(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    push(0xE0 | (code >> 12U));
    push(0x80 | ((code >> 6U) & 0x3FU));
    push(0x80 | (code & 0x3FU));
  } else {
    push(0xF0 | (code >> 18U));
    push(0x80 | ((code >> 12U) & 0x3FU));
    push(0x80 | ((code >> 6U) & 0x3FU));
    push(0x80 | (code & 0x3FU));
  }
}

// Takes one code point from the front of `text`; kInvalid for what is no shortest-form UTF-8.
char32_t next_utf8(std::string_view& text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  std::size_t size = 1;
  char32_t code = lead;
  char32_t smallest = 0;
  if (lead >= 0xF0 && lead < 0xF5) {
    size = 4, code = lead & 0x07U, smallest = 0x10000;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3, code = lead & 0x0FU, smallest = 0x800;
  } else if (lead >= 0xC2 && lead < 0xE0) {
    size = 2, code = lead & 0x1FU, smallest = 0x80;
  } else if (lead >= 0x80) {
    return kInvalid;
  }
  if (text.size() < size) return kInvalid;
  for (std::size_t i = 1; i < size; ++i) {
    const auto octet = static_cast<std::uint8_t>(text[i]);
    if ((octet & 0xC0U) != 0x80) return kInvalid;
    code = (code << 6U) | (octet & 0x3FU);
  }
  text.remove_prefix(size);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return code < smallest || code > 0x10FFFF || surrogate ? kInvalid : code;
}

// kInvalid is hidden too.
bool is_hidden(char32_t code) {
  if (code == kInvalid || code < 0x20 || (code >= 0x7F && code < 0xA0)) return true;
  const bool direction = code == 0x061C || code == 0x200E || code == 0x200F ||
                         (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return direction || code == 0x2028 || code == 0x2029 || code == 0xFEFF;
}

// Fixed-width big-endian characters; empty result for odd lengths and what is no character.
bool append_wide(std::string& out, BytesView content, std::size_t width) {
  if (content.size() % width != 0) return false;
  for (std::size_t i = 0; i < content.size(); i += width) {
    char32_t code = 0;
    for (std::size_t k = 0; k < width; ++k) code = (code << 8U) | content[i + k];
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    append_utf8(out, code);
  }
  return true;
}

bool is_printable_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
}

bool narrow_text_fits(std::uint8_t string_tag, std::string_view text) {
  switch (string_tag) {
    case tag::kPrintableString:
      return is_printable_string(text);
    case tag::kNumericString:
      return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == ' '; });
    case tag::kVisibleString:
      return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
    case tag::kIa5String:
      return is_ascii(text);
    default:
      return is_valid_utf8(text);
  }
}

}  // namespace

bool is_string_tag(std::uint8_t string_tag) {
  switch (string_tag) {
    case tag::kUtf8String:
    case tag::kNumericString:
    case tag::kPrintableString:
    case tag::kT61String:
    case tag::kIa5String:
    case tag::kVisibleString:
    case tag::kUniversalString:
    case tag::kBmpString:
      return true;
    default:
      return false;
  }
}

bool is_printable_string(std::string_view text) {
  return std::ranges::all_of(text, is_printable_character);
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    if (next_utf8(text) == kInvalid) return false;
  }
  return true;
}

bool has_hidden_character(std::string_view text) {
  while (!text.empty()) {
    if (is_hidden(next_utf8(text))) return true;
  }
  return false;
}

LeadingCharacter leading_character(std::string_view text) {
  std::string_view rest = text;
  const char32_t code = next_utf8(rest);
  const std::size_t size = code == kInvalid ? 1 : text.size() - rest.size();
  return {text.substr(0, size), is_hidden(code)};
}

void append_hex_escaped(std::string& out, std::string_view octets) {
  for (const std::uint8_t octet : as_bytes(octets)) out += "\\" + to_hex(BytesView(&octet, 1));
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

Result<std::string> read_text(const DerElement& element, std::string_view what) {
  if (!is_string_tag(element.tag)) {
    return fault(FaultKind::Malformed, std::string(what) + ": not a character string");
  }
  std::string text;
  bool good = true;
  if (element.tag == tag::kBmpString) {
    good = append_wide(text, element.content, 2);
  } else if (element.tag == tag::kUniversalString) {
    good = append_wide(text, element.content, 4);
  } else if (element.tag == tag::kT61String) {
    for (const std::uint8_t octet : element.content) append_utf8(text, octet);
  } else {
    text = as_text(element.content);
    good = narrow_text_fits(element.tag, text);
  }
  if (!good || text.find('\0') != std::string::npos) {
    return fault(FaultKind::Malformed, std::string(what) + ": characters that its string type does not have");
  }
  return text;
}

Result<std::string> read_text_of_clients(const DerElement& element, std::string_view what) {
  DerElement called_right = element;
  if (element.tag == tag::kPrintableString) called_right.tag = tag::kIa5String;
  return read_text(called_right, what);
}

}  // namespace certspan::pki
