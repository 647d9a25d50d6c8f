#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace certspan::check {

/// What is wrong with a settings schema by the rules of <certspan/abi/plugin.h>: it is JSON Schema (draft 7)
/// that the host's validator reads, it uses keywords that exist, every object is closed and every field has
/// a description. Each fault begins with the JSON pointer of its place.
std::vector<std::string> schema_faults(std::string_view schema);

}  // namespace certspan::check
