// The body of a request to the API that mints challenges.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "plugins/ndes/challenge/challenge_binding.hpp"

namespace certspan::scep {

inline constexpr std::size_t kLargestMintRequest = 16UL * 1024;
inline constexpr std::size_t kMostAlternativeNames = 64;

// Why a body is none, for the client: where ("/san", "" for the whole) and what.
struct MintRequestFault {
  std::string pointer;
  std::string message;
};

// {"profile": "wifi", "subject": "laptop-7", "san": ["dns:laptop-7.example"], "device": "7F3A"}, each of them
// optional. Strict: one JSON object (RFC 8259) in UTF-8, no other key, no key twice, no other type, null
// neither. Any octets.
tl::expected<ChallengeWish, MintRequestFault> parse_mint_request(std::string_view body);

}  // namespace certspan::scep
