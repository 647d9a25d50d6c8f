#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/outcome.hpp"
#include "host/base/step.hpp"
#include "host/config/mark.hpp"

namespace certspan {

/// A name in the file, with its place: what it is called, or what it refers to.
struct Named {
  std::string name;
  Mark mark;
};

/// What a scripted connector answers to one call, or to several in a row.
struct AnswerConfig {
  Mark mark;
  Named call;                      ///< "issue", "lookup", ...; empty: to whatever is called next
  std::optional<Outcome> outcome;  ///< nullopt: the host dies inside the call
  std::string code;                ///< empty: one is made
  std::chrono::milliseconds retry_after{0};
  std::chrono::milliseconds takes{0};  ///< fake time that passes inside the call
  std::uint32_t times = 1;
};

/// The answers of one connector, in their order. When they are used up it says ok.
struct ActorConfig {
  Named name;
  std::vector<AnswerConfig> answers;
};

/// What must have come of it. What is empty is not looked at.
struct ExpectConfig {
  Mark mark;
  std::string state;  ///< one of test_states(); never empty
  Named issuer;
  Named pipeline;
  std::string code;
  std::optional<std::vector<Named>> calls;  ///< "issue corp-ca", all of them; those of the fence do not count
  std::optional<std::chrono::milliseconds> within;  ///< of fake time
};

/// One entry of `tests:`: a request, what connectors answer, and what must come of it.
struct TestConfig {
  Named name;
  Named source;
  std::string message = "enrolment";
  Labels labels;
  std::vector<ActorConfig> connectors;
  ExpectConfig expect;
};

}  // namespace certspan
