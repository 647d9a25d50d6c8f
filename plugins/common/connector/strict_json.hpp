// Answers from the network in JSON, read strictly.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace certspan::connector {

/// One JSON value and nothing behind it; nullopt also for a name that an object has twice, and for more than
/// 16 levels: what could be read in two ways decides nothing.
std::optional<nlohmann::json> parse_strict_json(std::string_view text);

/// A member that is a string, or nullptr. Requires: nothing of `object`; what is no object has no members.
const std::string* string_member(const nlohmann::json& object, const char* name);

}  // namespace certspan::connector
