#pragma once

#include <cstdint>

#include "host/base/bytes.hpp"

namespace certspan {

/// Which CRL of an issuer; views are borrowed.
struct CrlWanted {
  BytesView issuer = {};            ///< DER Name of the CA; empty: any
  BytesView authority_key_id = {};  ///< empty: any
  bool delta = false;               ///< what changed since the last whole one
  std::uint32_t partition = 0;      ///< which of `partitions`
  std::uint32_t partitions = 0;     ///< 0: the CRL of all certificates
};

}  // namespace certspan
