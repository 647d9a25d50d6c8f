#pragma once

#include <string_view>

namespace certspan {

/// What a person can do about a request that was refused with `code`: half a sentence, without a full stop.
std::string_view advice_for(std::string_view code);

}  // namespace certspan
