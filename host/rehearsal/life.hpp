#pragma once

#include <chrono>
#include <filesystem>

#include "host/base/manual_clock.hpp"
#include "host/config/config.hpp"
#include "host/rehearsal/cast.hpp"
#include "host/rehearsal/script.hpp"

namespace certspan {

/// What one life of a host in a rehearsal begins with. Borrows everything.
struct LifePlan {
  const Config& config;
  const TestConfig& test;
  const Cast& cast;
  Script& script;
  std::filesystem::path directory;      ///< holds the journal, which outlives the life
  ManualClock::Reading start;           ///< of the rehearsal
  std::chrono::milliseconds offset{0};  ///< fake time that has passed since
  std::chrono::milliseconds limit{0};   ///< no further than this
  int events = -1;                      ///< a pipe for lines of Event
};

/// Lives in a process of its own until the test's item has ended, waits for a person, or `limit` is reached:
/// an engine on the journal with the cast as its connectors is sent the test's request, and the clock is
/// moved whenever nothing is to do. An answer that says `crash` ends the process by SIGKILL.
///
/// Returns the process's exit code; errors are written to standard error.
int live(const LifePlan& plan);

}  // namespace certspan
