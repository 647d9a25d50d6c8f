#include "host/journal/index_keys.hpp"

#include <algorithm>

#include "host/base/bytes.hpp"

namespace certspan {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<std::int64_t> transaction_hash(std::string_view transaction_id) {
  if (transaction_id.empty()) return std::nullopt;
  return index_hash(as_bytes(transaction_id));
}

std::optional<std::int64_t> serial_hash(std::string_view serial) {
  const std::string normal = normal_serial(serial);
  if (normal.empty()) return std::nullopt;
  return index_hash(as_bytes(normal));
}

std::string normal_serial(std::string_view serial) {
  if (serial.starts_with("0x") || serial.starts_with("0X")) serial.remove_prefix(2);
  std::string normal;
  for (const char c : serial) {
    if (c == ':' || c == ' ') continue;
    const char digit = lower(c);
    if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f')) return {};
    normal += digit;
  }
  const auto first = normal.find_first_not_of('0');
  if (first == std::string::npos) return normal.empty() ? normal : std::string("0");
  return normal.substr(first);
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

}  // namespace certspan
