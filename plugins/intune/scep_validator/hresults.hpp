// The numbers that an administrator sees in the Intune console for a request that failed here.
#pragma once

#include <cstdint>
#include <string_view>

#include <certspan/types.hpp>

namespace certspan::intune {

/// docs/intune.md lists them. A failure, customer bit set, facility 0x0C5.
std::uint32_t hresult_of(sdk::Outcome outcome, std::string_view code);

}  // namespace certspan::intune
