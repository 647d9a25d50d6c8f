#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"

namespace certspan {

/// Reads "2027-01-31T08:00:00Z", as plugins write instants in labels and answers; nullopt if it is none.
std::optional<WallMs> read_wall_text(std::string_view text);

/// Reads an instant as people write it, RFC 3339 section 5.6: with fractions of a second (to the millisecond;
/// what is finer is cut off), an offset, small letters or a space for the T. The zone has to be there.
/// nullopt if it is none.
std::optional<WallMs> read_rfc3339(std::string_view text);

/// "2027-01-31T08:00:00.250Z". Of years 0 to 9999.
std::string rfc3339(WallMs at);

}  // namespace certspan
