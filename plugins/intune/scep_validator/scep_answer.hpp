// What Intune's SCEP service answers, and what it means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <certspan/answer.hpp>

#include "codes/intune.hpp"

namespace certspan::intune {

struct ScepAnswer {
  std::string code;  // a name such as "Success"
  std::string said;  // errorDescription, in one line, cut; "" if there is none

  bool is_yes() const { return code == "Success"; }
};

/// nullopt: not one JSON object with `code` as text; a wrong type; a name twice; over 64 KiB.
std::optional<ScepAnswer> read_scep_answer(std::string_view text);

using ScepCode = codes::IntuneScepCode;

/// nullptr: a name that is not known, which is a no.
const ScepCode* find_scep_code(std::string_view name);

/// The answer to an item for a word of Intune's that is not yes. `activity` is the call's.
sdk::Answer refusal_of(const ScepAnswer& answer, std::string_view activity);

}  // namespace certspan::intune
