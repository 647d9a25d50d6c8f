// What GetCACaps lists (RFC 8894 3.5.2).
#pragma once

#include <string>

#include <certspan/faults.hpp>

#include "plugins/ndes/scep_server/scep_settings.hpp"

namespace certspan::scep {

// What the body of GetCACaps begins with, one word a line. GetNextCACert may follow, which comes and goes.
std::string capabilities(const ScepSettings& settings);

// The end of each line, as the settings want it.
std::string_view line_end(const ScepSettings& settings);

// Words that are none, and those that promise what is switched off.
void check_capabilities(const ScepSettings& settings, sdk::Faults& faults);

}  // namespace certspan::scep
