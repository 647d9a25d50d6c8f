// The plain path under which CRLs are fetched (RFC 5280 4.2.1.13), without SCEP.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

// Whether `path` is `prefix` or something below it.
bool is_at_or_below(std::string_view path, std::string_view prefix);

struct AskedCrl {
  pki::Bytes key_id;  // empty: of the first CA
  bool delta = false;
  std::uint32_t partition = 0;
  std::uint32_t partitions = 0;  // 0: of all certificates

  friend bool operator==(const AskedCrl&, const AskedCrl&) = default;
};

// Which CRL is asked for by a path at or below `crl_path`, with or without ".crl" at its end: `crl_path`
// itself and
// "<key identifier>" (hexadecimal) are whole ones, "<key identifier>/3-of-8" a part, and "-delta" behind a
// name a delta; "delta" alone is that of the first CA. nullopt: none that could be there.
std::optional<AskedCrl> asked_crl(std::string_view crl_path, std::string_view path);

}  // namespace certspan::scep
