#include "host/config/settings_schema.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/config/json_schema.hpp"
#include "host/config/schema_marks.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

bool is_true(const Json& schema, std::string_view mark) {
  const auto found = schema.find(mark);
  return found != schema.end() && *found == true;
}

/// A JSON pointer as messages show it: "ra.key", "paths[1]".
std::string field_of(std::string_view pointer) {
  std::string field;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    const bool index = !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
    if (index) {
      field += fmt::format("[{}]", token);
    } else {
      if (!field.empty()) field += '.';
      field += token;
    }
    pointer.remove_prefix(token.size());
  }
  return field;
}

}  // namespace

bool schema_has_mark(const Json& schema, std::string_view mark) {
  if (schema.is_object() && schema.contains(mark)) return true;
  return schema.is_structured() && std::any_of(schema.begin(), schema.end(), [&](const Json& below) {
           return schema_has_mark(below, mark);
         });
}

Json schema_for_plugin(const Json& schema) {
  if (!schema.is_structured()) return schema;
  if (schema.is_object() && (is_true(schema, kDurationMark) || is_true(schema, kSizeMark))) {
    Json number = {{"type", "integer"}};
    for (const std::string_view keyword : {"minimum", "maximum"}) {
      if (schema.contains(keyword)) number[std::string(keyword)] = schema.at(std::string(keyword));
    }
    return number;
  }
  if (schema.is_object() && is_true(schema, kSecretMark)) return {{"type", "string"}};
  Json copy = schema;
  for (Json& below : copy) below = schema_for_plugin(below);
  return copy;
}

void validate_settings(const Json& schema, const Json& document, SettingsRun& run) {
  const auto found = validate_json(schema_for_plugin(schema), document);
  if (!found) {
    run.faults().error(FaultCode::Plugin, run.into().place_of(""),
                       fmt::format("plugin \"{}\": {}", run.into().plugin, found.error().message),
                       "tell the plugin's vendor");
    return;
  }
  for (const SchemaFault& fault : *found) {
    if (run.into().faulted_at(fault.pointer)) continue;
    run.into().faulted.insert(fault.pointer);
    run.faults().error(FaultCode::Settings, run.into().place_of(fault.pointer),
                       fmt::format("{}: {}", run.label(field_of(fault.pointer)), fault.message));
  }
}

}  // namespace certspan
