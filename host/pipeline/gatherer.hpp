#pragma once

#include <map>
#include <string>

#include "host/base/mutex.hpp"
#include "host/pipeline/runtime.hpp"

namespace certspan {

/// Has the sources that fetch their work fetch it, one call at a time for each, in the generation that runs.
/// Thread-safe.
class Gatherer {
 public:
  explicit Gatherer(Runtime& runtime) : runtime_(runtime) {}

  /// Begins with the sources of the running configuration that it does not know yet.
  void look_for_sources();

  /// The longest that one call may take, and the pause after it that a source leaves to the host; after
  /// failures it is a second first, and doubles.
  static constexpr std::chrono::milliseconds kLongestCall{std::chrono::minutes(5)};
  static constexpr std::chrono::milliseconds kPause{std::chrono::minutes(1)};

 private:
  void come_back(const std::string& source, std::chrono::milliseconds pause);
  void gather(const std::string& source);
  std::chrono::milliseconds note(const std::string& source, const Answer& answer);

  Runtime& runtime_;
  Mutex mutex_;
  struct State {
    std::uint32_t failures = 0;  ///< in a row
    std::string code;            ///< of the last one
  };
  std::map<std::string, State> sources_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
