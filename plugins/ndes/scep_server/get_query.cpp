#include "plugins/ndes/scep_server/get_query.hpp"

#include <string>

#include "plugins/common/pki/base64.hpp"

namespace certspan::scep {
namespace {

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
  return std::nullopt;
}

// nullopt for a '%' that two hexadecimal digits do not follow.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded.push_back(static_cast<char>(*high * 16U + *low));
    i += 2;
  }
  return decoded;
}

// The standard alphabet with its padding, from what is left after percent-decoding.
std::string to_standard_base64(std::string_view text) {
  std::string standard;
  standard.reserve(text.size() + 2);
  for (const char c : text) {
    switch (c) {
      case '\r':
      case '\n':
      case '\t':
        break;
      case ' ':  // iOS leaves '+' unescaped, and a form decoder on the way made it a space
      case '-':
        standard.push_back('+');
        break;
      case '_':
        standard.push_back('/');
        break;
      default:
        standard.push_back(c);
    }
  }
  if (standard.find('=') == std::string::npos) {
    while (standard.size() % 4 != 0) standard.push_back('=');
  }
  return standard;
}

Operation operation_of(std::string_view value) {
  const auto decoded = percent_decode(value);
  if (!decoded) return Operation::Unknown;
  if (equals_ignoring_case(*decoded, "pkioperation")) return Operation::PkiOperation;
  if (equals_ignoring_case(*decoded, "getcacaps")) return Operation::GetCaCaps;
  if (equals_ignoring_case(*decoded, "getcacert")) return Operation::GetCaCert;
  if (equals_ignoring_case(*decoded, "getnextcacert")) return Operation::GetNextCaCert;
  return Operation::Unknown;
}

}  // namespace

Query parse_query(std::string_view query) {
  Query result;
  bool has_operation = false;
  bool has_message = false;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    // Only the first '=' separates: strongSwan leaves those of the base64 padding unescaped.
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!has_operation && equals_ignoring_case(name, "operation")) {
      has_operation = true;
      result.operation = operation_of(value);
    } else if (!has_message && equals_ignoring_case(name, "message")) {
      has_message = true;
      result.message = value;
    }
  }
  return result;
}

std::optional<pki::Bytes> decode_message(std::string_view message) {
  auto text = percent_decode(message);
  if (!text || text->empty()) return std::nullopt;
  if (auto bytes = pki::base64_decode(to_standard_base64(*text))) return bytes;
  // '%' is in no base64 alphabet: what still holds one was escaped twice.
  text = percent_decode(*text);
  if (!text) return std::nullopt;
  return pki::base64_decode(to_standard_base64(*text));
}

}  // namespace certspan::scep
