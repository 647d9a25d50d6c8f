#pragma once

#include <compare>
#include <cstdint>

namespace certspan {

/// A place in the configuration file: line and column, both from 1, the column counted in characters. Line 0
/// means that there is none: the fault concerns the whole file.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): the 0 that it sees is in what the compiler writes for `default`
  auto operator<=>(const Mark&) const = default;
};

}  // namespace certspan
