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

  /// The longest that one call may take, and the pause after it that a source leaves to the host.
  static constexpr std::chrono::milliseconds kLongestCall{std::chrono::minutes(5)};
  static constexpr std::chrono::milliseconds kPause{std::chrono::minutes(1)};

 private:
  void come_back(const std::string& source, std::chrono::milliseconds pause);
  void gather(const std::string& source);
  void tell(const std::string& source, const Answer& answer);

  Runtime& runtime_;
  Mutex mutex_;
  std::map<std::string, std::string> sources_
      CERTSPAN_GUARDED_BY(mutex_);  ///< and the code of their last answer
};

}  // namespace certspan
