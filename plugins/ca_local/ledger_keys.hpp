// The keys of the ledger's records: an octet for the kind, and a name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::ca_local::ledger_keys {

inline constexpr std::uint8_t kByItem = 'i';
inline constexpr std::uint8_t kBySerial = 's';
inline constexpr std::uint8_t kRevoked = 'r';
inline constexpr std::uint8_t kEnd = 'e';     // of a revoked certificate
inline constexpr std::uint8_t kChange = 'c';  // of what stands revoked, by time
inline constexpr std::uint8_t kMark = 'm';    // its revision differs after each change
inline constexpr std::uint8_t kCrlNumber = 'n';
inline constexpr std::uint8_t kLastMade = 'l';    // when the last whole list of a key and part was made
inline constexpr std::uint8_t kPartitions = 'p';  // a number of parts that CRLs were ever parted into
inline constexpr std::uint8_t kCompromised = 'k';

inline constexpr std::size_t kNumberSize = 8;

inline pki::Bytes store_key(std::uint8_t kind, pki::BytesView name) {
  pki::Bytes key;
  key.reserve(name.size() + 1);
  key.push_back(kind);
  key.insert(key.end(), name.begin(), name.end());
  return key;
}

/// Serials are compared as numbers: leading zero octets do not count.
inline pki::BytesView without_leading_zeros(pki::BytesView serial) {
  const auto first = std::ranges::find_if(serial, [](std::uint8_t octet) { return octet != 0; });
  return serial.subspan(static_cast<std::size_t>(first - serial.begin()));
}

inline void append_number(pki::Bytes& octets, std::uint64_t number) {
  for (std::size_t i = 0; i < kNumberSize; ++i) {
    octets.push_back(static_cast<std::uint8_t>(number >> (8U * (kNumberSize - 1 - i))));
  }
}

inline std::uint64_t number_in(pki::BytesView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

/// `at` in seconds since 1970.
inline pki::Bytes change_key(std::int64_t at, pki::BytesView serial) {
  pki::Bytes key = {kChange};
  append_number(key, static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0)));
  key.insert(key.end(), serial.begin(), serial.end());
  return key;
}

}  // namespace certspan::ca_local::ledger_keys
