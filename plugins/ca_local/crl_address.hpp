// The addresses of CRLs, with what stands for the key and the part filled in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::ca_local {

inline constexpr std::uint32_t kMostPartitions = 1024;
inline constexpr std::string_view kPartitionWord = "{partition}";

/// One of `count` parts, from 0 on; no count: all certificates.
struct Partition {
  std::uint32_t number = 0;
  std::uint32_t count = 0;

  friend bool operator==(const Partition&, const Partition&) = default;
  friend bool operator<(const Partition& a, const Partition& b) {
    return std::tie(a.count, a.number) < std::tie(b.count, b.number);
  }
};

/// The part that a certificate stands in for as long as it lives, whatever the settings become: by the last
/// two octets of its serial number.
Partition partition_of(pki::BytesView serial, std::uint32_t count);

/// "{key_id}" becomes the key identifier in hexadecimal.
void fill_in_key_id(std::string& url, pki::BytesView key_identifier);
/// "{partition}" becomes "3-of-4", say, for the fourth of four... counted from 0. Without parts all of them
/// stay.
std::vector<std::string> with_partition(std::vector<std::string> urls, const Partition& partition);

}  // namespace certspan::ca_local
