#pragma once

#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/rehearsal/cast.hpp"
#include "host/rehearsal/event.hpp"

namespace certspan {

/// What a test came to.
struct TestReport {
  std::string name;
  std::vector<Event> events;            ///< the last one is the end, unless something went wrong
  std::vector<std::string> complaints;  ///< what is not as expected; empty: all is
  std::vector<std::string> unused;      ///< answers that no call was given: "corp-ca 2"

  bool ok() const { return complaints.empty(); }
  const EndEvent* end() const;
};

/// Runs one of the configuration's tests: its pipelines as they are, every connector replaced by one that
/// answers as the test says, a real journal in a temporary directory, and a clock that is moved whenever
/// nothing is to do. The host lives in a child process, so that `crash` is what it says: killed inside the
/// call, and started anew on the same journal.
///
/// Requires: this process has no other thread. Errors: rehearsal.start (no directory, pipe or process).
Result<TestReport> rehearse(const Config& config, const TestConfig& test, const Cast& cast);

}  // namespace certspan
