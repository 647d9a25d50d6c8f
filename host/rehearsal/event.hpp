#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "host/base/outcome.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// A call that a scripted connector was asked, and what it said.
struct CallEvent {
  std::string call;
  std::string connector;
  std::optional<Outcome> outcome;  ///< nullopt: the host died inside
  std::string code;
  std::chrono::milliseconds took{0};
  std::optional<std::size_t> answer;  ///< index in the test; nullopt: it was not scripted
};

/// What the device heard: "certificate", "pending", "try later", or "no (code)".
struct ToldEvent {
  std::string what;
};

/// How the item stood when the test was over.
struct EndEvent {
  std::string state;
  std::string code;
  std::string reason;
  std::string issuer;
  std::string pipeline;
};

/// One thing that happened in a rehearsal, at a fake time since its beginning. Crosses from the process in
/// which the host lives to the one that watches it, as one line of JSON.
struct Event {
  std::chrono::milliseconds at{0};  ///< when it began
  std::variant<CallEvent, ToldEvent, EndEvent> what;

  std::string to_line() const;
  static Result<Event> from_line(const std::string& line);
};

}  // namespace certspan
