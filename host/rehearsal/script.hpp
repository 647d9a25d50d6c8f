#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/config/test_config.hpp"

namespace certspan {

/// What the connectors of one test answer, and how much of it is used up. Borrows the test. Thread-safe.
class Script {
 public:
  explicit Script(const TestConfig& test);

  struct Line {
    std::size_t index;
    const AnswerConfig* answer;
  };
  /// Takes the connector's first answer that is left and not kept for another call; nothing: it says ok.
  std::optional<Line> next(std::string_view connector, std::string_view call);
  /// Takes an answer that another process was given.
  void use(std::string_view connector, std::size_t index);

  /// Answers that nobody was given: "corp-ca 2".
  std::vector<std::string> unused() const;

 private:
  struct Part {
    const ActorConfig* actor;
    std::vector<std::uint32_t> used;  ///< how often each answer was given
  };

  mutable Mutex mutex_;
  std::map<std::string, Part, std::less<>> parts_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
