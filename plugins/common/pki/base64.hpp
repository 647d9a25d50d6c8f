// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::pki {

// One line, padded.
std::string base64_encode(BytesView bytes);

// Strict: the standard alphabet, padded, unused bits zero, no line breaks. nullopt for anything else.
std::optional<Bytes> base64_decode(std::string_view text);

}  // namespace certspan::pki
