#include "plugins/ndes/minting/credentials.hpp"

#include <algorithm>
#include <optional>

#include "plugins/common/pki/base64.hpp"

namespace certspan::scep {
namespace {

constexpr std::size_t kLongestField = 8192;

char lower_of_scheme(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// What follows the scheme and its spaces; nullopt for another scheme. Schemes know no case.
std::optional<std::string_view> after_scheme(std::string_view field, std::string_view scheme) {
  if (field.size() <= scheme.size() || field[scheme.size()] != ' ') return std::nullopt;
  if (!std::ranges::equal(field.substr(0, scheme.size()), scheme, {}, lower_of_scheme)) return std::nullopt;
  field.remove_prefix(scheme.size());
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  return field;
}

Credentials basic(std::string_view encoded) {
  Credentials credentials;
  auto decoded = pki::base64_decode(encoded);
  if (!decoded) return credentials;
  const std::string_view text = pki::as_text(*decoded);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    credentials.kind = CredentialKind::Password;
    credentials.user = text.substr(0, colon);
    credentials.secret = pki::SecretBytes(pki::as_bytes(text.substr(colon + 1)));
  }
  pki::wipe(decoded->data(), decoded->size());
  return credentials;
}

}  // namespace

Credentials parse_credentials(std::string_view authorization) {
  Credentials credentials;
  if (authorization.size() > kLongestField) return credentials;
  if (const auto encoded = after_scheme(authorization, "basic")) return basic(*encoded);
  if (const auto token = after_scheme(authorization, "bearer"); token && !token->empty()) {
    credentials.kind = CredentialKind::Token;
    credentials.secret = pki::SecretBytes(pki::as_bytes(*token));
  }
  return credentials;
}

}  // namespace certspan::scep
