#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

namespace certspan {

/// UTF-16LE as UTF-8; nullopt for a half unit or half of a surrogate pair.
std::optional<std::string> utf16le_to_utf8(std::string_view bytes);

/// The text of a file as UTF-8 without a byte order mark: from UTF-16LE if it begins with that mark, else it
/// has to be UTF-8 already. No character is NUL. Error: import.not_registry.
Result<std::string> registry_text(std::string_view file);

}  // namespace certspan
