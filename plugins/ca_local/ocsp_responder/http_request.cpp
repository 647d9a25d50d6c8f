#include "plugins/ca_local/ocsp_responder/http_request.hpp"

#include <cstdint>
#include <string>

#include "plugins/common/pki/base64.hpp"

namespace certspan::ca_local {
namespace {

constexpr std::size_t kLongestPath = 4096;

std::optional<unsigned> nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
  return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? nibble(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? nibble(text[i + 2]) : std::nullopt;
    if (!high || !low) return std::nullopt;
    plain += static_cast<char>(*high * 16U + *low);
    i += 2;
  }
  return plain;
}

}  // namespace

std::optional<pki::Bytes> request_in_path(std::string_view prefix, std::string_view path) {
  if (path.size() > kLongestPath || !path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.starts_with('/')) path.remove_prefix(1);
  auto text = percent_decoded(path);
  if (!text || text->empty()) return std::nullopt;
  // Some clients leave the padding out.
  constexpr std::size_t kGroup = 4;
  while (text->size() % kGroup != 0) *text += '=';
  return pki::base64_decode(*text);
}

std::optional<pki::Bytes> request_of(const sdk::HttpRequest& http, std::string_view prefix) {
  if (http.method() == "POST") return pki::to_bytes(http.body());
  return request_in_path(prefix, http.path());
}

}  // namespace certspan::ca_local
