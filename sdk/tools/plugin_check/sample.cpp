#include "sdk/tools/plugin_check/sample.hpp"

#include <algorithm>
#include <regex>

#include <nlohmann/json.hpp>

#include "host/base/text_file.hpp"
#include "host/config/json_schema.hpp"
#include "host/config/schema_marks.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/units.hpp"

namespace certspan::check {
namespace {

using Json = nlohmann::json;

constexpr int kDeepestSettings = 16;

/// The file of settings is the vendor's: what is wrong with it is said, whatever check reads it.
[[noreturn]] void bad_file(const Subject& subject, const std::string& what) {
  throw CheckFailed(subject.settings->string() + ": " + what);
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

CaRule rule_of(const Json& json) {
  CaRule rule;
  rule.method = text_at(json, "method");
  rule.url = text_at(json, "url");
  rule.contains = text_at(json, "contains");
  rule.status = json.value("status", 200U);
  rule.body = text_at(json, "body");
  rule.order_key = text_at(json, "order_key");
  rule.asks = json.value("asks", false);
  static_cast<void>(std::regex(rule.order_key));  // throws here, where the file is named
  const Json headers = json.value("headers", Json::object());
  for (const auto& [name, value] : headers.items()) {
    rule.headers.push_back({name, value.get<std::string>()});
  }
  return rule;
}

Sample sample_from_file(const Subject& subject, const Json& section) {
  try {
    Sample sample;
    sample.settings = section.value("settings", Json::object()).dump();
    sample.secrets = section.value("secrets", std::map<std::string, std::string>());
    sample.profile = section.value("profile", "");
    for (const Json& rule : section.value("http_out", Json::array())) sample.rules.push_back(rule_of(rule));
    return sample;
  } catch (const Json::exception& error) {
    bad_file(subject, error.what());
  } catch (const std::regex_error& error) {
    bad_file(subject, std::string("order_key: ") + error.what());
  }
}

/// Settings made from a schema.
class MadeUp {
 public:
  explicit MadeUp(Sample& sample) : sample_(sample) {}

  Json object(const Json& root, const Json& schema, int depth) {
    if (depth > kDeepestSettings)
      throw CheckSkipped("its settings schema is nested too deeply to make settings from");
    Json made = Json::object();
    const SchemaView view(root, schema);
    for (const std::string& name : view.required()) {
      const auto properties = schema.find("properties");
      if (properties == schema.end() || !properties->contains(name)) continue;
      made[name] = value(root, (*properties)[name], name, depth);
    }
    return made;
  }

 private:
  Json value(const Json& root, const Json& schema, const std::string& name, int depth) {
    const SchemaView view(root, schema);
    if (view.marked(kSecretMark)) return secret(name);
    if (const Json* example = first_example(schema)) return with_unit(view, *example);
    if (view.marked(kListenerMark)) return "checker";
    if (view.marked(kRouteMark)) return "/checker";
    if (!view.mark_text(kConnectorMark).empty()) return "checker";
    if (view.marked(kProfileMark)) return "checker";
    if (view.marked(kDurationMark) || view.marked(kSizeMark)) {
      return static_cast<std::int64_t>(view.number("minimum").value_or(1000));
    }
    if (schema.value("type", Json()) == "object") return object(root, schema, depth + 1);
    throw CheckSkipped("the setting \"" + name +
                       "\" is required and its schema has no example: give it \"examples\", or " +
                       "write a file of settings (docs/plugin-check.md)");
  }

  static const Json* first_example(const Json& schema) {
    for (const char* keyword : {"examples", "enum"}) {
      const auto found = schema.find(keyword);
      if (found != schema.end() && found->is_array() && !found->empty()) return &found->front();
    }
    for (const char* keyword : {"const", "default"}) {
      const auto found = schema.find(keyword);
      if (found != schema.end()) return &*found;
    }
    return nullptr;
  }

  /// An example is what an admin writes; the plugin gets numbers.
  static Json with_unit(const SchemaView& view, const Json& example) {
    if (!example.is_string()) return example;
    const auto text = example.get<std::string>();
    if (view.marked(kDurationMark)) {
      if (const auto duration = parse_duration(text)) return duration->count();
    }
    if (view.marked(kSizeMark)) {
      if (const auto size = parse_size(text)) return *size;
    }
    return example;
  }

  Json secret(const std::string& name) {
    const std::string token = "token-of-" + name;
    sample_.secrets[token] = "Checkers-Secret-" + name + "-4711";
    return token;
  }

  Sample& sample_;
};

Sample sample_from_schema(const certspan_connector_type& type) {
  const Json schema = Json::parse(type.settings_schema, nullptr, false);
  Sample sample;
  sample.made_up = true;
  const auto examples = schema.find("examples");
  const bool whole = examples != schema.end() && examples->is_array() && !examples->empty();
  const Json settings = whole ? examples->front() : MadeUp(sample).object(schema, schema, 0);
  const auto faults = validate_json(schema, settings);
  if (!faults || !faults->empty()) {
    throw CheckSkipped("no settings could be made from its schema" +
                       (faults ? " (" + faults->front().pointer + ": " + faults->front().message + ")" : "") +
                       "; write a file of settings (docs/plugin-check.md)");
  }
  sample.settings = settings.dump();
  return sample;
}

/// A file of one type's settings and nothing else, as opposed to one with a section for each type.
bool is_plain(const Json& file) {
  return std::none_of(file.begin(), file.end(),
                      [](const Json& value) { return value.is_object() && value.contains("settings"); });
}

}  // namespace

Sample sample_of(const Subject& subject, const certspan_connector_type& type) {
  if (!subject.settings) return sample_from_schema(type);
  const auto text = read_text_file(*subject.settings);
  if (!text) throw CheckFailed(text.error().message);
  const Json file = Json::parse(*text, nullptr, false);
  if (!file.is_object()) bad_file(subject, "is no JSON object");
  if (is_plain(file)) return sample_from_file(subject, {{"settings", file}});
  const auto section = file.find(type.name);
  if (section == file.end()) return sample_from_schema(type);
  return sample_from_file(subject, *section);
}

}  // namespace certspan::check
