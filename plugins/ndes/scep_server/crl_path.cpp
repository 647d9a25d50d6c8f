#include "plugins/ndes/scep_server/crl_path.hpp"

#include <algorithm>

namespace certspan::scep {
namespace {

constexpr std::string_view kSuffix = ".crl";
constexpr std::size_t kMostKeyIdOctets = 64;

std::optional<std::uint8_t> nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<pki::Bytes> octets_of(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0 || digits.size() > 2 * kMostKeyIdOctets) return std::nullopt;
  pki::Bytes octets;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto high = nibble(digits[i]);
    const auto low = nibble(digits[i + 1]);
    if (!high || !low) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(*high * 16U + *low));
  }
  return octets;
}

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view prefix) {
  if (prefix == "/") return path.starts_with(prefix);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::optional<pki::Bytes> asked_crl(std::string_view crl_path, std::string_view path) {
  std::string_view rest = path.substr(std::min(crl_path.size(), path.size()));
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) return pki::Bytes();
  if (rest.ends_with(kSuffix)) rest.remove_suffix(kSuffix.size());
  return octets_of(rest);
}

}  // namespace certspan::scep
