// Hashes under a key: the one file of this plugin that asks OpenSSL for something.
#pragma once

#include <array>
#include <cstdint>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

using HashKey = std::array<std::uint8_t, 32>;
using KeyedHashValue = std::array<std::uint8_t, 32>;

// HMAC-SHA-256. A stolen store without the key says nothing about a challenge.
KeyedHashValue keyed_hash(pki::BytesView key, pki::BytesView data);

// In a time that does not depend on where the two differ.
bool equal_in_constant_time(const KeyedHashValue& a, const KeyedHashValue& b);

}  // namespace certspan::scep
