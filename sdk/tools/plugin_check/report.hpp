#pragma once

#include <string>
#include <vector>

#include "sdk/tools/plugin_check/runner.hpp"

namespace certspan::check {

/// A line for each check, what failed with reason and hint, and a summary.
std::string human_report(const Subject& subject, const std::vector<CheckResult>& outcomes);
/// The same as one JSON object.
std::string json_report(const Subject& subject, const std::vector<CheckResult>& outcomes);
/// The same as JUnit XML: a suite for each stage.
std::string junit_report(const Subject& subject, const std::vector<CheckResult>& outcomes);

/// "conformant" of docs/plugin-check.md: no failure in the stages from static to behaviour.
bool conformant(const std::vector<CheckResult>& outcomes);
bool any_failed(const std::vector<CheckResult>& outcomes);

}  // namespace certspan::check
