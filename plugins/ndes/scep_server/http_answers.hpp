// The HTTP side of an answer (RFC 8894 4.1).
#pragma once

#include <cstdint>
#include <string_view>

#include <certspan/http.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::scep {

inline constexpr std::string_view kPkiMessage = "application/x-pki-message";

// One line of text; for what can't be answered by a signed message.
void respond_text(sdk::Exchange& exchange, std::uint32_t status, std::string_view line);

// 503 with Retry-After: nothing was lost, the client repeats.
void respond_later(sdk::Exchange& exchange, std::string_view line);

// A signed message; 500 if it could not be written.
void respond_message(sdk::Exchange& exchange, const pki::Result<pki::Bytes>& message);

}  // namespace certspan::scep
