#pragma once

#include <string_view>

namespace certspan {

/// Whether `text` is of the form `pattern`, in which `*` stands for any run of characters, also none, and
/// everything else for itself. Time at most the product of the lengths.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace certspan
