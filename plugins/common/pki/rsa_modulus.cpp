#include "plugins/common/pki/rsa_modulus.hpp"

#include <array>
#include <cstdint>

namespace certspan::pki {
namespace {

constexpr std::uint32_t kGenerator = 65537;

constexpr std::array<std::uint32_t, 38> kPrimes = {
    3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
    73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

std::uint32_t remainder(BytesView number, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  std::size_t at = 0;
  for (; number.size() - at > 4; at += 4) {
    const std::uint64_t word = (std::uint64_t{number[at]} << 24U) | (std::uint64_t{number[at + 1]} << 16U) |
                               (std::uint64_t{number[at + 2]} << 8U) | number[at + 3];
    rest = ((rest << 32U) | word) % divisor;
  }
  for (; at < number.size(); ++at) rest = ((rest << 8U) | number[at]) % divisor;
  return static_cast<std::uint32_t>(rest);
}

// The primes in groups whose products fit in 32 bits, so that the long number is divided seldom.
template <class Visit>
void visit_remainders(BytesView modulus, Visit visit) {
  std::size_t first = 0;
  while (first < kPrimes.size()) {
    std::uint64_t product = 1;
    std::size_t end = first;
    while (end < kPrimes.size() && product * kPrimes[end] <= UINT32_MAX) product *= kPrimes[end++];
    const std::uint32_t rest = remainder(modulus, static_cast<std::uint32_t>(product));
    for (; first < end; ++first) visit(rest % kPrimes[first], kPrimes[first]);
  }
}

bool is_power_of_generator(std::uint32_t value, std::uint32_t prime) {
  const std::uint32_t step = kGenerator % prime;
  std::uint32_t power = 1;
  do {
    if (power == value) return true;
    power = power * step % prime;
  } while (power != 1);
  return false;
}

}  // namespace

std::string_view modulus_fault(BytesView modulus) {
  bool has_small_factor = false;
  // The primes of such keys are powers of 65537 modulo the product of all small primes, so their product is
  // too.
  bool is_roca = true;
  visit_remainders(modulus, [&](std::uint32_t rest, std::uint32_t prime) {
    has_small_factor = has_small_factor || rest == 0;
    is_roca = is_roca && is_power_of_generator(rest, prime);
  });
  if (has_small_factor) return "rsa key with a small prime in its modulus";
  return is_roca ? "rsa key of a chip whose keys can be factored (ROCA, CVE-2017-15361)" : "";
}

}  // namespace certspan::pki
