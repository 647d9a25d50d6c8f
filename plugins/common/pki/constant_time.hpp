// Arithmetic on secrets whose running time does not depend on them.
#pragma once

#include <cstdint>

namespace certspan::pki {

// All ones for yes, all zeros for no.
using Mask = std::uint32_t;

// Hides a value from the optimiser, which else may turn masks back into branches.
inline std::uint32_t opaque_value(std::uint32_t value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

inline Mask mask_if_zero(std::uint32_t value) {
  return opaque_value(((value | (0U - value)) >> 31U) - 1U);
}

inline Mask mask_if_equal(std::uint32_t a, std::uint32_t b) {
  return mask_if_zero(a ^ b);
}

// Requires: both below 2^31.
inline Mask mask_if_less(std::uint32_t a, std::uint32_t b) {
  return opaque_value(0U - ((a - b) >> 31U));
}

inline std::uint32_t select(Mask mask, std::uint32_t if_set, std::uint32_t otherwise) {
  return (if_set & mask) | (otherwise & ~mask);
}

}  // namespace certspan::pki
