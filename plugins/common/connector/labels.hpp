// What the contract says of labels.
#pragma once

#include <cstddef>

namespace certspan::connector {

/// Octets of a label's value; a longer one is refused by the host (<certspan/abi/plugin.h>).
inline constexpr std::size_t kLongestLabel = 1024;

}  // namespace certspan::connector
