#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace certspan {

/// What a code or number means: an event, an error code of ours, a fault of a configuration, Intune's word or
/// number, SCEP's, an outcome, an exit code.
struct Explanation {
  std::string kind;     ///< "event", "error code", "Intune's code", ...
  std::string code;     ///< as it is written: "4006", "work.busy", "0xA0C50020"
  std::string name;     ///< beside a number; may be empty
  std::string meaning;  ///< a sentence or more
  std::string advice;   ///< what to do beyond what `meaning` says; may be empty
};

/// Everything that can be explained.
const std::vector<Explanation>& all_explanations();

/// What `asked` can mean; a small number has several meanings. Upper and lower case are the same; numbers may
/// be decimal, negative too, or hexadecimal with or without 0x.
std::vector<Explanation> explain(std::string_view asked);

/// The codes that are written much like `asked`, or stand beside it if it is a number.
std::vector<std::string> nearest_codes(std::string_view asked);

}  // namespace certspan
