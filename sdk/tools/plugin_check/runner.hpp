#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sdk/tools/plugin_check/check.hpp"

namespace certspan::check {

/// A check that has been made, or skipped.
struct CheckResult {
  const Check* check = nullptr;
  std::string type;  ///< empty: of the whole file
  Verdict verdict{};
  std::chrono::milliseconds took{0};
};

struct RunOptions {
  std::vector<std::string> only{};  ///< ids; empty: all. What they need is run as well
  bool in_process = false;
  unsigned jobs = 1;
  std::chrono::milliseconds limit{10'000};
};

/// Runs the checks, each as soon as what it needs has passed, up to `jobs` at once, each in a process of its
/// own (or one after the other in this one). In the order of the list.
std::vector<CheckResult> run_checks(const Subject& subject, const RunOptions& options);

}  // namespace certspan::check
