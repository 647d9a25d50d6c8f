#pragma once

#include <cstdint>

namespace certspan {

/// Raises the soft limit of open files to the hard one, since each connection takes one, and returns what
/// holds now. Thread-safe.
std::uint64_t raise_open_file_limit();

}  // namespace certspan
