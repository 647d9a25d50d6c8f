// What Intune's SCEP service answers, and what it means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <certspan/answer.hpp>

namespace certspan::intune {

struct ScepAnswer {
  std::string code;  // a name such as "Success"
  std::string said;  // errorDescription, in one line, cut; "" if there is none

  bool is_yes() const { return code == "Success"; }
};

/// nullopt: not one JSON object with `code` as text; a wrong type; a name twice; over 64 KiB.
std::optional<ScepAnswer> read_scep_answer(std::string_view text);

/// One of the codes that Intune's clients know, all but Success.
struct ScepCode {
  std::string_view name;
  sdk::Outcome outcome;     // Rejected, Invalid, or Unavailable where it says nothing about the request
  std::string_view code;    // ours: "intune.challenge_expired"
  std::string_view advice;  // what it means and what an administrator can do
};

/// nullptr: a name that is not known, which is a no.
const ScepCode* find_scep_code(std::string_view name);

/// The answer to an item for a word of Intune's that is not yes. `activity` is the call's.
sdk::Answer refusal_of(const ScepAnswer& answer, std::string_view activity);

}  // namespace certspan::intune
