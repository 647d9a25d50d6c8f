#pragma once

#include <string_view>

namespace certspan {

/// What a person can do about a request that was refused with `code`: half a sentence, without a full stop.
std::string_view advice_for(std::string_view code);

/// The same, but nothing for a code that is in no list.
std::string_view known_advice(std::string_view code);

}  // namespace certspan
