// Random octets for keys, nonces and serials.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace certspan::pki {

// From OpenSSL's private generator. Thread-safe. One call for many octets is cheaper than several calls.
// Throws std::runtime_error if there is no randomness, which nothing can go on without.
void fill_random(std::span<std::uint8_t> out);

template <std::size_t size>
std::array<std::uint8_t, size> random_octets() {
  std::array<std::uint8_t, size> octets{};
  fill_random(octets);
  return octets;
}

}  // namespace certspan::pki
