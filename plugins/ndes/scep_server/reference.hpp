// What a device is told when it is refused: one sentence and a reference. The cause stands in the log or in
// `certspan why`, never on the wire.
#pragma once

#include <string>
#include <string_view>

namespace certspan::scep {

// 64 random bits in hexadecimal, for a refusal that never became a work item.
std::string new_reference();

// "the request can't be opened; reference 0123456789abcdef"
std::string with_reference(std::string_view sentence, std::string_view reference);

}  // namespace certspan::scep
