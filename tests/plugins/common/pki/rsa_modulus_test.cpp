#include <catch2/catch.hpp>

#include "plugins/common/pki/rsa_modulus.hpp"

namespace certspan::pki {

TEST_CASE("an ordinary modulus has no fault that shows") {
  Bytes mersenne_prime(66, 0xFF);  // 2^521 - 1
  mersenne_prime.front() = 0x01;
  CHECK(modulus_fault(mersenne_prime).empty());
}

TEST_CASE("powers of 65537 modulo the small primes are the mark of ROCA") {
  // 65537^3 and its like are powers of the generator modulo every prime.
  const Bytes cube = {0x01, 0x00, 0x03, 0x00, 0x03, 0x00, 0x01};
  CHECK(modulus_fault(cube).find("ROCA") != std::string_view::npos);
  Bytes near = cube;
  near.back() = 0x03;
  CHECK(modulus_fault(near).find("ROCA") == std::string_view::npos);
}

TEST_CASE("a small prime in a modulus is found wherever the octets are cut") {
  // 167 times 2^n + 1 for lengths around those of a word.
  for (std::size_t size = 1; size < 12; ++size) {
    Bytes number(size + 1, 0);
    number.front() = 167;
    number.back() = static_cast<std::uint8_t>(number.back() + 167);
    CAPTURE(size);
    CHECK(modulus_fault(number) == "rsa key with a small prime in its modulus");
  }
}

}  // namespace certspan::pki
