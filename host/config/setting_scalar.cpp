#include "host/config/setting_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/config/map_reader.hpp"
#include "host/config/schema_marks.hpp"
#include "host/config/suggest.hpp"
#include "host/config/units.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;
using Kind = YamlNode::Kind;

/// std::regex, valijson's too, takes stack for each character.
constexpr std::size_t kLongestForPattern = 1024;

std::string_view json_type(const Json& value) {
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_boolean()) return "boolean";
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  return "null";
}

std::string_view in_words(std::string_view type) {
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "boolean") return "true or false";
  if (type == "string") return "text";
  if (type == "array") return "a list";
  if (type == "object") return "a mapping";
  return "nothing";
}

std::string in_words(const std::vector<std::string>& types) {
  std::string text;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += i + 1 == types.size() ? " or " : ", ";
    text += in_words(types[i]);
  }
  return text;
}

Json bad_unit(SettingsRun& run, const SettingSpot& spot, const UnitFault& fault) {
  run.error(FaultCode::Unit, spot, spot.node.mark(), fmt::format("{}: {}", run.label(spot), fault.message),
            fault.suggestion);
  return nullptr;
}

void check_bounds(SettingsRun& run, const SettingSpot& spot, double number,
                  const std::function<std::string(double)>& print) {
  const auto shown = [&](double bound) { return print ? print(bound) : fmt::format("{}", bound); };
  const auto least = spot.schema.number("minimum");
  const auto most = spot.schema.number("maximum");
  if (least && number < *least) {
    run.error(FaultCode::Settings, spot, spot.node.mark(),
              fmt::format("{} must be at least {}", run.label(spot), shown(*least)));
  } else if (most && number > *most) {
    run.error(FaultCode::Settings, spot, spot.node.mark(),
              fmt::format("{} must be at most {}", run.label(spot), shown(*most)));
  }
}

Json measured(SettingsRun& run, const SettingSpot& spot, std::int64_t number, bool duration) {
  const auto print = [&](double bound) {
    return duration ? format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(bound)))
                    : format_size(static_cast<std::uint64_t>(bound));
  };
  check_bounds(run, spot, static_cast<double>(number), print);
  return number;
}

/// The scalar as JSON. What came from `${env:}` takes the type that the schema wants.
Json typed_scalar(SettingsRun& run, const SettingSpot& spot) {
  const YamlNode& node = spot.node;
  Kind kind = node.kind();
  if (kind == Kind::String && node.expanded() && !spot.schema.allows("string"))
    kind = kind_of_plain(node.text());
  if (kind == Kind::Boolean) return node.text() == "true";
  if (kind != Kind::Integer && kind != Kind::Number) return node.text();
  const std::string_view text = std::string_view(node.text()).substr(node.text().starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  if (kind == Kind::Integer) {
    std::int64_t number = 0;
    if (std::from_chars(text.data(), end, number).ec == std::errc()) return number;
  } else {
    double number = 0;
    if (std::from_chars(text.data(), end, number).ec == std::errc()) return number;
  }
  run.error(FaultCode::BadValue, spot, node.mark(), fmt::format("{} is out of range", run.label(spot)));
  return nullptr;
}

void check_listener(SettingsRun& run, const SettingSpot& spot, const std::string& text, SettingScope& scope) {
  if (run.config().host.listener(text) != nullptr) {
    scope.listeners.push_back(text);
    return;
  }
  std::vector<std::string> names;
  for (const Listener& listener : run.config().host.listeners) names.push_back(listener.name.name);
  std::string hint = did_you_mean(text, names);
  if (hint.empty())
    hint = names.empty() ? "define it under \"host.listeners\"" : "there are: " + listing(names);
  run.error(FaultCode::UnknownName, spot, spot.node.mark(),
            fmt::format("listener \"{}\" is not defined", spot.node.written()), std::move(hint));
}

void check_route(SettingsRun& run, const SettingSpot& spot, const std::string& text, SettingScope& scope) {
  const std::string_view fault = route_fault(text);
  if (fault.empty()) {
    scope.paths.push_back(text);
    run.into().route_places.emplace(text, spot.node.mark());
  } else {
    run.error(FaultCode::BadValue, spot, spot.node.mark(),
              fmt::format("{} is no path: {}", run.label(spot), fault));
  }
}

void check_profile(SettingsRun& run, const SettingSpot& spot, const std::string& text) {
  std::vector<std::string> names;
  if (run.config().profiles.kind() == Kind::Mapping) {
    for (const YamlEntry& profile : run.config().profiles.entries()) names.push_back(profile.key);
  }
  if (std::find(names.begin(), names.end(), text) != names.end()) return;
  run.error(FaultCode::UnknownName, spot, spot.node.mark(),
            fmt::format("profile \"{}\" is not defined", spot.node.written()), did_you_mean(text, names));
}

void check_connector(SettingsRun& run, const SettingSpot& spot, const std::string& text,
                     const std::string& role) {
  const ConnectorConfig* connector = run.config().connector(text);
  if (connector == nullptr) {
    std::vector<std::string> names;
    for (const ConnectorConfig& one : run.config().connectors) names.push_back(one.name.name);
    run.error(FaultCode::UnknownName, spot, spot.node.mark(),
              fmt::format("connector \"{}\" is not defined", spot.node.written()), did_you_mean(text, names));
    return;
  }
  run.into().uses.push_back(text);
  const RoleSet* roles = run.context().roles_of(text);
  const auto wanted = role_from_string(role);
  if (roles == nullptr || !wanted || roles->has(*wanted)) return;
  run.error(
      FaultCode::WrongRole, spot, spot.node.mark(),
      fmt::format("{} needs a connector with the role {}; \"{}\" has it not", run.label(spot), role, text));
}

/// False: valijson must not see it.
bool check_text(SettingsRun& run, const SettingSpot& spot, const std::string& text, SettingScope& scope) {
  const auto words = spot.schema.words();
  if (!words.empty() && std::find(words.begin(), words.end(), text) == words.end()) {
    run.error(FaultCode::BadValue, spot, spot.node.mark(),
              fmt::format("{} must be one of {}", run.label(spot), listing(words, "or")),
              did_you_mean(text, words));
  }
  if (spot.schema.has_pattern() && (text.size() > kLongestForPattern || !spot.schema.pattern_matches(text))) {
    run.error(FaultCode::Settings, spot, spot.node.mark(),
              fmt::format("{} is not of the form that is wanted", run.label(spot)),
              spot.schema.description());
    return false;
  }
  if (spot.schema.marked(kListenerMark)) check_listener(run, spot, text, scope);
  if (spot.schema.marked(kRouteMark)) check_route(run, spot, text, scope);
  if (spot.schema.marked(kProfileMark)) check_profile(run, spot, text);
  const std::string role = spot.schema.mark_text(kConnectorMark);
  if (!role.empty()) check_connector(run, spot, text, role);
  return true;
}

}  // namespace

std::string_view route_fault(std::string_view path) {
  if (!path.starts_with('/')) return "a path begins with \"/\"";
  if (path.size() > 1 && path.ends_with('/')) return "a path does not end with \"/\"";
  if (path.find_first_of("?#% \\") != std::string_view::npos)
    return "a path has no \"?\", \"#\", \"%\", \"\\\" or space";
  if (path.find("//") != std::string_view::npos || path.find("/.") != std::string_view::npos) {
    return "a path has no empty part and none that begins with a dot";
  }
  return {};
}

void report_setting_type(SettingsRun& run, const SettingSpot& spot, std::string_view type) {
  const std::string wanted = in_words(spot.schema.types());
  // Quotes help only what would then have the wanted form.
  const bool own_form = spot.node.is_scalar() && spot.schema.has_pattern() &&
                        !spot.schema.pattern_matches(std::string(spot.node.written()));
  run.error(FaultCode::WrongType, spot, spot.node.mark(),
            fmt::format("{} must be {}, not {}", run.label(spot), wanted, in_words(type)),
            own_form ? spot.schema.description() : hint_for_type(spot.node, wanted));
}

Json read_setting_secret(SettingsRun& run, const SettingSpot& spot) {
  if (spot.schema.marked(kSharedSecretMark)) run.into().shares_secret = true;
  if (spot.node.kind() == Kind::Secret) {
    run.into().secrets.push_back(spot.node.secret());
    return fmt::format("secret:{}", run.into().secrets.size() - 1);
  }
  run.faults().hide_excerpt(spot.place);
  run.error(FaultCode::SecretLiteral, spot, spot.node.mark(),
            fmt::format("{} is a secret and must be a reference", run.label(spot)),
            "write \"${file:/path}\" or \"${credential:NAME}\", never the secret itself");
  return "";
}

namespace {

/// Relative paths count from the YAML file, as those of `${file:}` do.
std::string from_the_file(const SettingsRun& run, const std::string& path) {
  if (path.empty()) return path;
  const std::filesystem::path file = std::filesystem::absolute(run.config().file);
  return (file.parent_path() / path).lexically_normal().string();
}

}  // namespace

Json read_setting_scalar(SettingsRun& run, const SettingSpot& spot, SettingScope& scope) {
  if (spot.schema.marked(kDurationMark)) {
    const auto parsed = parse_duration(spot.node.text());
    return parsed ? measured(run, spot, parsed->count(), true) : bad_unit(run, spot, parsed.error());
  }
  if (spot.schema.marked(kSizeMark)) {
    const auto parsed = parse_size(spot.node.text());
    return parsed ? measured(run, spot, static_cast<std::int64_t>(*parsed), false)
                  : bad_unit(run, spot, parsed.error());
  }
  Json json = typed_scalar(run, spot);
  if (json.is_null()) return json;
  const std::string_view type = json_type(json);
  if (!spot.schema.allows(type) && !(type == "integer" && spot.schema.allows("number"))) {
    report_setting_type(run, spot, type);
    return nullptr;
  }
  if (json.is_string() && !check_text(run, spot, json.get_ref<const std::string&>(), scope)) return nullptr;
  if (json.is_number()) check_bounds(run, spot, json.get<double>(), {});
  if (json.is_string() && spot.schema.marked(kPathMark)) {
    const std::string path = from_the_file(run, json.get_ref<const std::string&>());
    if (!path.empty()) run.into().files.emplace_back(path);
    return path;
  }
  return json;
}

}  // namespace certspan
