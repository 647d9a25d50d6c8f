#include "plugins/ndes/scep_server/crl_path.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace certspan::scep {
namespace {

constexpr std::string_view kSuffix = ".crl";
constexpr std::string_view kDelta = "-delta";
constexpr std::string_view kOf = "-of-";
constexpr std::size_t kMostDigits = 4;
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

std::optional<std::uint32_t> number_of(std::string_view digits) {
  std::uint32_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (digits.empty() || digits.size() > kMostDigits || read.ec != std::errc() || read.ptr != end)
    return std::nullopt;
  return number;
}

// "3-of-8"
bool read_part(std::string_view text, AskedCrl& asked) {
  const std::size_t of = text.find(kOf);
  if (of == std::string_view::npos) return false;
  const auto part = number_of(text.substr(0, of));
  const auto parts = number_of(text.substr(of + kOf.size()));
  if (!part || !parts || *part >= *parts) return false;
  asked.partition = *part;
  asked.partitions = *parts;
  return true;
}

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view prefix) {
  if (prefix == "/") return path.starts_with(prefix);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::optional<AskedCrl> asked_crl(std::string_view crl_path, std::string_view path) {
  AskedCrl asked;
  std::string_view rest = path.substr(std::min(crl_path.size(), path.size()));
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) return asked;
  if (rest.ends_with(kSuffix)) rest.remove_suffix(kSuffix.size());
  if (rest == kDelta.substr(1)) return asked.delta = true, asked;
  if (rest.ends_with(kDelta)) {
    asked.delta = true;
    rest.remove_suffix(kDelta.size());
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    if (!read_part(rest.substr(slash + 1), asked)) return std::nullopt;
    rest = rest.substr(0, slash);
  }
  auto key_id = octets_of(rest);
  if (!key_id) return std::nullopt;
  asked.key_id = std::move(*key_id);
  return asked;
}

}  // namespace certspan::scep
