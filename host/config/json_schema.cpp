#include "host/config/json_schema.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

// Without it valijson ends the process where a schema is wrong.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace certspan {
namespace {

/// valijson's path is a list of "<root>", "[key]" and "[index]".
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::string_view part : context) {
    if (!part.starts_with('[') || !part.ends_with(']')) continue;
    pointer = pointer_to(pointer, part.substr(1, part.size() - 2));
  }
  return pointer;
}

/// valijson writes sentences; ours begin in lower case and have no full stop.
std::string in_our_style(std::string message) {
  if (message.ends_with('.')) message.pop_back();
  if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z')
    message[0] = static_cast<char>(message[0] + 32);
  return message;
}

/// A fault of a value also makes everything around it invalid; those echoes are dropped.
void keep_innermost(std::vector<SchemaFault>& faults) {
  const std::vector<SchemaFault> all = faults;
  const auto is_echo = [&](const SchemaFault& fault) {
    return std::any_of(all.begin(), all.end(), [&](const SchemaFault& other) {
      return other.pointer.size() > fault.pointer.size() && is_at_or_below(other.pointer, fault.pointer);
    });
  };
  faults.erase(std::remove_if(faults.begin(), faults.end(), is_echo), faults.end());
}

}  // namespace

std::string pointer_to(std::string_view parent, std::string_view token) {
  std::string pointer(parent);
  pointer += '/';
  for (const char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

bool is_at_or_below(std::string_view pointer, std::string_view parent) {
  return pointer.starts_with(parent) && (pointer.size() == parent.size() || pointer[parent.size()] == '/');
}

Result<std::vector<SchemaFault>> validate_json(const nlohmann::json& schema, const nlohmann::json& document) {
  try {
    valijson::Schema parsed;
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), parsed);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    std::vector<SchemaFault> faults;
    if (validator.validate(parsed, valijson::adapters::NlohmannJsonAdapter(document), &results))
      return faults;
    valijson::ValidationResults::Error error;
    while (results.popError(error))
      faults.push_back({pointer_of(error.context), in_our_style(error.description)});
    keep_innermost(faults);
    return faults;
  } catch (const std::exception& e) {
    return fail(Outcome::Invalid, "schema.unreadable",
                fmt::format("the settings schema is no JSON Schema: {}", e.what()));
  }
}

}  // namespace certspan
