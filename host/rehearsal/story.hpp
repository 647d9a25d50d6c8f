#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/rehearsal/rehearsal.hpp"

namespace certspan {

/// What happened, for people: one line an event with the fake time at which it began, then what is not as
/// expected. Calls of the fence are told only when it did not say ok, and of long rows of equal calls the
/// first and the last.
std::string story_text(const TestReport& report);
/// The same with everything, for programs.
nlohmann::json story_json(const TestReport& report);

}  // namespace certspan
