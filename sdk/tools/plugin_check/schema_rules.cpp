#include "sdk/tools/plugin_check/schema_rules.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include <nlohmann/json.hpp>

#include "host/config/json_schema.hpp"
#include "host/config/schema_marks.hpp"

namespace certspan::check {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 64;

/// What the value of a keyword is.
enum class ValueKind : std::uint8_t {
  Any,
  Text,
  Number,
  Flag,
  List,
  Schema,
  Schemas,
  SchemasByName,
  Names,
  Types,
  Pattern
};

struct Keyword {
  std::string_view name;
  ValueKind kind;
};

/// JSON Schema draft 7, and the marks of <certspan/abi/plugin.h>.
constexpr Keyword kKeywords[] = {
    {"$schema", ValueKind::Text},
    {"$id", ValueKind::Text},
    {"$ref", ValueKind::Text},
    {"$comment", ValueKind::Text},
    {"title", ValueKind::Text},
    {"description", ValueKind::Text},
    {"default", ValueKind::Any},
    {"readOnly", ValueKind::Flag},
    {"writeOnly", ValueKind::Flag},
    {"examples", ValueKind::List},
    {"multipleOf", ValueKind::Number},
    {"maximum", ValueKind::Number},
    {"exclusiveMaximum", ValueKind::Number},
    {"minimum", ValueKind::Number},
    {"exclusiveMinimum", ValueKind::Number},
    {"maxLength", ValueKind::Number},
    {"minLength", ValueKind::Number},
    {"pattern", ValueKind::Pattern},
    {"additionalItems", ValueKind::Schema},
    {"items", ValueKind::Schema},
    {"maxItems", ValueKind::Number},
    {"minItems", ValueKind::Number},
    {"uniqueItems", ValueKind::Flag},
    {"contains", ValueKind::Schema},
    {"maxProperties", ValueKind::Number},
    {"minProperties", ValueKind::Number},
    {"required", ValueKind::Names},
    {"additionalProperties", ValueKind::Schema},
    {"definitions", ValueKind::SchemasByName},
    {"properties", ValueKind::SchemasByName},
    {"patternProperties", ValueKind::SchemasByName},
    {"dependencies", ValueKind::Any},
    {"propertyNames", ValueKind::Schema},
    {"const", ValueKind::Any},
    {"enum", ValueKind::List},
    {"type", ValueKind::Types},
    {"format", ValueKind::Text},
    {"contentMediaType", ValueKind::Text},
    {"contentEncoding", ValueKind::Text},
    {"if", ValueKind::Schema},
    {"then", ValueKind::Schema},
    {"else", ValueKind::Schema},
    {"allOf", ValueKind::Schemas},
    {"anyOf", ValueKind::Schemas},
    {"oneOf", ValueKind::Schemas},
    {"not", ValueKind::Schema},
    {kSecretMark, ValueKind::Flag},
    {kInHostMark, ValueKind::Flag},
    {kSharedSecretMark, ValueKind::Flag},
    {kListenerMark, ValueKind::Flag},
    {kPasswordsMark, ValueKind::Text},
    {kRouteMark, ValueKind::Flag},
    {kDurationMark, ValueKind::Flag},
    {kSizeMark, ValueKind::Flag},
    {kConnectorMark, ValueKind::Text},
    {kProfileMark, ValueKind::Flag},
    {kPathMark, ValueKind::Flag},
    {kLabelsMark, ValueKind::Names},
    {kAloneMark, ValueKind::Text},
    {kProfilesMark, ValueKind::Flag},
};

bool is_type_name(const Json& value) {
  constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "object", "array",
                                                      "number", "string",  "integer"};
  return value.is_string() &&
         std::find(kTypes.begin(), kTypes.end(), value.get_ref<const std::string&>()) != kTypes.end();
}

bool is_pattern(const Json& value) {
  if (!value.is_string()) return false;
  try {
    const std::regex pattern(value.get<std::string>(), std::regex::ECMAScript);
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
}

template <typename Predicate>
bool is_list_of(const Json& value, Predicate predicate) {
  return value.is_array() && std::all_of(value.begin(), value.end(), predicate);
}

class SchemaWalk {
 public:
  std::vector<std::string> faults;

  /// `field`: it stands for a value that an admin writes, which needs a description.
  void walk(const Json& schema, const std::string& at, bool field, int depth) {
    if (depth > kDeepest) return add(at, "is nested too deeply");
    if (schema.is_boolean()) return;
    if (!schema.is_object()) return add(at, "is no schema (an object, true or false)");
    for (const auto& [name, value] : schema.items()) keyword(name, value, pointer_to(at, name), depth);
    if (field && !schema.contains("$ref") && schema.value("description", Json()).is_null()) {
      add(at, "has no \"description\"");
    }
    const bool object = schema.contains("properties") ||
                        (schema.value("type", Json()) == "object" && !schema.contains("patternProperties"));
    const bool closed = schema.contains("additionalProperties") && schema["additionalProperties"] != true;
    if (object && !closed && !marked(schema, kProfilesMark)) {
      add(at, "does not say \"additionalProperties\": false, so that a misspelt key would pass");
    }
  }

 private:
  void add(const std::string& at, const std::string& what) {
    faults.push_back((at.empty() ? "the schema" : at) + " " + what);
  }

  static bool marked(const Json& schema, std::string_view mark) {
    const auto found = schema.find(mark);
    return found != schema.end() && *found == true;
  }

  void keyword(const std::string& name, const Json& value, const std::string& at, int depth) {
    const auto* known = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                     [&](const Keyword& each) { return each.name == name; });
    if (known == std::end(kKeywords))
      return add(at, "is no keyword of JSON Schema (draft 7) and no mark of the SDK");
    switch (known->kind) {
      case ValueKind::Any:
        return;
      case ValueKind::Text:
        return expect(value.is_string(), at, "is no text");
      case ValueKind::Number:
        return expect(value.is_number(), at, "is no number");
      case ValueKind::Flag:
        return expect(value.is_boolean(), at, "is neither true nor false");
      case ValueKind::List:
        return expect(value.is_array() && !value.empty(), at, "is no list with something in it");
      case ValueKind::Names:
        return expect(is_list_of(value, [](const Json& one) { return one.is_string(); }), at,
                      "is no list of names");
      case ValueKind::Types:
        return expect(is_type_name(value) || is_list_of(value, is_type_name), at,
                      "is no type of JSON Schema");
      case ValueKind::Pattern:
        return expect(is_pattern(value), at, "is no regular expression");
      case ValueKind::Schema:
        if (value.is_array()) return list(value, at, depth);
        return walk(value, at, false, depth + 1);
      case ValueKind::Schemas:
        return list(value, at, depth);
      case ValueKind::SchemasByName:
        return by_name(name, value, at, depth);
    }
  }

  void expect(bool holds, const std::string& at, const std::string& what) {
    if (!holds) add(at, what);
  }

  void list(const Json& value, const std::string& at, int depth) {
    if (!value.is_array() || value.empty()) return add(at, "is no list of schemas");
    for (std::size_t i = 0; i < value.size(); ++i) branch(value[i], pointer_to(at, std::to_string(i)), depth);
  }

  /// One of several alternatives says no more than what differs: it need not close the object again.
  void branch(const Json& schema, const std::string& at, int depth) {
    const std::size_t before = faults.size();
    walk(schema, at, false, depth + 1);
    const auto open = [](const std::string& fault) {
      return fault.find("\"additionalProperties\"") != std::string::npos ||
             fault.find("\"description\"") != std::string::npos;
    };
    faults.erase(std::remove_if(faults.begin() + static_cast<std::ptrdiff_t>(before), faults.end(), open),
                 faults.end());
  }

  void by_name(const std::string& keyword, const Json& value, const std::string& at, int depth) {
    if (!value.is_object()) return add(at, "is no object of schemas");
    for (const auto& [name, schema] : value.items()) {
      walk(schema, pointer_to(at, name), keyword == "properties" || keyword == "patternProperties",
           depth + 1);
    }
  }
};

}  // namespace

std::vector<std::string> schema_faults(std::string_view schema) {
  const auto parsed = Json::parse(schema, nullptr, false);
  if (!parsed.is_object()) return {"the schema is no JSON object"};
  SchemaWalk walk;
  walk.walk(parsed, "", false, 0);
  if (walk.faults.empty() && parsed.value("type", Json()) != "object") {
    walk.faults.emplace_back("the schema does not say \"type\": \"object\"");
  }
  if (!walk.faults.empty()) return walk.faults;
  if (const auto tried = validate_json(parsed, Json::object()); !tried) return {tried.error().message};
  return {};
}

}  // namespace certspan::check
