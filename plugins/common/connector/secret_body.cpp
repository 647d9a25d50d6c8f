#include "plugins/common/connector/secret_body.hpp"

#include <string>

#include "plugins/common/pki/base64.hpp"

namespace certspan::connector {

void SecretBody::put(std::string_view text) {
  for (const char c : text) bytes_.writable()[size_++] = static_cast<std::uint8_t>(c);
}

void SecretBody::put_quoted(std::string_view text) {
  put("\"");
  for (const char& c : text) {
    if (c == '"' || c == '\\') put("\\");
    put({&c, 1});
  }
  put("\"");
}

void SecretBody::put_base64(pki::BytesView octets) {
  std::string text = pki::base64_encode(octets);
  put_quoted(text);
  pki::wipe(text.data(), text.size());
}

void SecretBody::put_form_value(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char& c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      put({&c, 1});
    } else {
      put("%");
      put(kDigits.substr(octet >> 4U, 1));
      put(kDigits.substr(octet & 15U, 1));
    }
  }
}

}  // namespace certspan::connector
