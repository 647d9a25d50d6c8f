#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace certspan {

/// The offset of the first byte that is not plain text: control characters other than tab and line ends, and
/// what is not UTF-8. Nothing: all of it is.
std::optional<std::size_t> first_bad_byte(std::string_view text);

}  // namespace certspan
