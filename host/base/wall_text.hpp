#pragma once

#include <optional>
#include <string_view>

#include "host/base/clock.hpp"

namespace certspan {

/// Reads "2027-01-31T08:00:00Z", as plugins write instants in labels and answers; nullopt if it is none.
std::optional<WallMs> read_wall_text(std::string_view text);

}  // namespace certspan
