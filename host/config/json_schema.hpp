#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "host/base/result.hpp"

namespace certspan {

/// One thing that valijson finds wrong, by JSON pointer into the document.
struct SchemaFault {
  std::string pointer;
  std::string message;
};

/// Holds `document` against `schema` (JSON Schema, draft 7; references within the schema only). Of a chain of
/// faults that follow from each other, only the innermost is given. Error `schema.unreadable`: the schema
/// itself is wrong.
Result<std::vector<SchemaFault>> validate_json(const nlohmann::json& schema, const nlohmann::json& document);

/// "/a~1b/0" and the like: `token` appended to a JSON pointer.
std::string pointer_to(std::string_view parent, std::string_view token);
/// Whether `pointer` lies below `parent`, or is it.
bool is_at_or_below(std::string_view pointer, std::string_view parent);

}  // namespace certspan
