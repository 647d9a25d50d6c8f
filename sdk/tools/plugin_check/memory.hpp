#pragma once

#include <cstddef>

namespace certspan::check {

/// What the process has taken, in bytes.
struct MemoryUse {
  std::size_t allocated = 0;  ///< by malloc and not freed
  std::size_t resident = 0;   ///< of its own, not counting mapped files

  static MemoryUse now();
};

}  // namespace certspan::check
