#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "host/services/abi_views.hpp"

namespace certspan {

/// Text of a plugin as it may stand in the journal, a log and a terminal: at most `most` bytes, valid UTF-8
/// (what is not becomes '?'), and no control characters (they become blanks), so that a plugin can neither
/// forge a log line nor break a JSON document.
std::string clean_text(std::string_view text, std::size_t most);

}  // namespace certspan
