#include "host/config/settings.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/config/json_schema.hpp"
#include "host/config/map_reader.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/suggest.hpp"
#include "host/config/units.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;
using Kind = YamlNode::Kind;

constexpr std::size_t kLargestSettings = 256 * 1024;  // of the contract, abi/plugin.h

/// std::regex, valijson's too, takes stack for each character.
constexpr std::size_t kLongestForPattern = 1024;

constexpr std::string_view kSecret = "x-certspan-secret";
constexpr std::string_view kListener = "x-certspan-listener";
constexpr std::string_view kRoute = "x-certspan-route";
constexpr std::string_view kDuration = "x-certspan-duration";
constexpr std::string_view kSize = "x-certspan-size";
constexpr std::string_view kConnector = "x-certspan-connector";
constexpr std::string_view kProfiles = "x-certspan-profiles";

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

/// What is wrong with a path that a connector asks for; empty: nothing.
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

/// One value on its way from YAML to JSON: where it stands and what is said about it.
struct Spot {
  const YamlNode& node;
  const SchemaView& schema;
  std::string pointer;  ///< into the settings
  std::string field;    ///< `"ra.key" of connector "scep"`, for messages
  Mark place;           ///< of its key, or of itself in a list
};

/// The listeners and paths that stand in one mapping of the settings; a path goes with the nearest listeners
/// around it.
struct Scope {
  std::vector<std::string> listeners;
  std::vector<std::string> paths;
};

class SettingsReader {
 public:
  SettingsReader(const Json& schema, const SettingsContext& context, PreparedConnector& into)
      : schema_(schema), config_(context.config), context_(context), faults_(context.faults), into_(into) {}

  void run(const YamlNode& settings, Mark place) {
    const SchemaView view(schema_, schema_);
    Scope scope;
    into_.places[""] = place;
    const Json document = mapping({settings, view, "", "", place}, scope);
    grant(scope);
    validate(document);
    into_.settings = document.dump();
    if (into_.settings.size() > kLargestSettings) {
      faults_.error(FaultCode::TooLarge, place,
                    fmt::format("the settings of connector \"{}\" are larger than {}", into_.name,
                                format_size(kLargestSettings)));
    }
  }

 private:
  std::string label(std::string_view field) const {
    // Profiles go to several connectors and stand in the file once: their faults are the same for all.
    if (!profiles_field_.empty() && field == profiles_field_) return "\"profiles\"";
    if (!profiles_field_.empty() && field.starts_with(profiles_field_ + '.')) {
      field.remove_prefix(profiles_field_.size() + 1);
      const std::size_t dot = field.find('.');
      if (dot == std::string_view::npos) return fmt::format("profile \"{}\"", field);
      return fmt::format("\"{}\" of profile \"{}\"", field.substr(dot + 1), field.substr(0, dot));
    }
    if (field.empty()) return fmt::format("settings of connector \"{}\"", into_.name);
    return fmt::format("\"{}\" of connector \"{}\"", field, into_.name);
  }

  void error(FaultCode code, const Spot& spot, Mark mark, std::string message, std::string hint = {}) {
    faulted_.insert(spot.pointer);
    faults_.error(code, mark, std::move(message), std::move(hint));
  }

  /// `field` in a Spot's label is the dotted path; the words around it are made when a fault needs them.
  std::string what(const Spot& spot) const { return label(spot.field); }

  Json value(const Spot& spot, Scope& scope) {
    into_.places[spot.pointer] = spot.place;
    if (spot.node.failed()) {
      faulted_.insert(spot.pointer);
      return nullptr;
    }
    if (spot.schema.marked(kSecret) && spot.node.is_scalar()) return secret(spot);
    switch (spot.node.kind()) {
      case Kind::Mapping:
        return container(spot, scope, "object");
      case Kind::Sequence:
        return container(spot, scope, "array");
      case Kind::Secret:
        error(
            FaultCode::SecretPlace, spot, spot.node.mark(), fmt::format("{} is no secret field", what(spot)),
            "secret references are for fields that the plugin marks as secret; use ${env:NAME} for the rest");
        return "";
      case Kind::Null:
        error(FaultCode::WrongType, spot, spot.place, fmt::format("{} has no value", what(spot)),
              "give it one, or remove the line");
        return nullptr;
      default:
        return scalar(spot, scope);
    }
  }

  Json container(const Spot& spot, Scope& scope, std::string_view type) {
    if (!spot.schema.allows(type)) {
      report_type(spot, type);
      return nullptr;
    }
    if (type == "array") return sequence(spot, scope);
    // A mapping with a listener of its own is a scope of its own.
    Scope inner;
    const Json json = mapping(spot, has_listener(spot) ? inner : scope);
    grant(inner);
    return json;
  }

  bool has_listener(const Spot& spot) const {
    return std::any_of(spot.node.entries().begin(), spot.node.entries().end(), [&](const YamlEntry& entry) {
      const auto child = spot.schema.property(entry.key);
      return child && (child->marked(kListener) || child->items().marked(kListener));
    });
  }

  Json mapping(const Spot& spot, Scope& scope) {
    Json object = Json::object();
    std::set<std::string> meant;  // by keys that are misspelt: not missing as well
    for (const YamlEntry& entry : spot.node.entries()) {
      const auto child = spot.schema.property(entry.key);
      if (!child) {
        meant.insert(unknown_key(spot, entry));
      } else if (child->marked(kProfiles)) {
        error(FaultCode::BadValue, spot, entry.key_mark, "profiles do not stand in a connector's settings",
              "write them under \"profiles\" at the top level");
      } else {
        const std::string field =
            spot.field.empty() ? entry.key : fmt::format("{}.{}", spot.field, entry.key);
        object[entry.key] =
            value({entry.value, *child, pointer_to(spot.pointer, entry.key), field, entry.key_mark}, scope);
      }
    }
    add_profiles(spot, scope, object);
    for (const std::string& key : spot.schema.required()) {
      if (spot.node.find(key) != nullptr || object.contains(key) || meant.count(key) > 0) continue;
      error(FaultCode::MissingKey, spot, spot.place, fmt::format("{} has no \"{}\"", what(spot), key),
            describe_property(spot.schema, key));
    }
    return object;
  }

  void add_profiles(const Spot& spot, Scope& scope, Json& object) {
    for (const std::string& key : spot.schema.properties()) {
      const auto child = spot.schema.property(key);
      if (!child || !child->marked(kProfiles)) continue;
      const std::string pointer = pointer_to(spot.pointer, key);
      into_.places[pointer] = config_.profiles_mark;
      const std::string field = spot.field.empty() ? key : fmt::format("{}.{}", spot.field, key);
      profiles_field_ = field;
      object[key] = mapping({config_.profiles, *child, pointer, field, config_.profiles_mark}, scope);
    }
  }

  Json sequence(const Spot& spot, Scope& scope) {
    Json array = Json::array();
    const SchemaView items = spot.schema.items();
    for (std::size_t i = 0; i < spot.node.items().size(); ++i) {
      const YamlNode& item = spot.node.items()[i];
      array.push_back(value({item, items, pointer_to(spot.pointer, std::to_string(i)),
                             fmt::format("{}[{}]", spot.field, i), item.mark()},
                            scope));
    }
    const auto least = spot.schema.number("minItems");
    if (least && static_cast<double>(array.size()) < *least) {
      error(FaultCode::Settings, spot, spot.node.mark(),
            fmt::format("{} needs at least {} entries", what(spot), *least));
    }
    return array;
  }

  Json secret(const Spot& spot) {
    if (spot.node.kind() == Kind::Secret) {
      into_.secrets.push_back(spot.node.secret());
      return fmt::format("secret:{}", into_.secrets.size() - 1);
    }
    faults_.hide_excerpt(spot.place);
    error(FaultCode::SecretLiteral, spot, spot.node.mark(),
          fmt::format("{} is a secret and must be a reference", what(spot)),
          "write \"${file:/path}\" or \"${credential:NAME}\", never the secret itself");
    return "";
  }

  Json scalar(const Spot& spot, Scope& scope) {
    if (spot.schema.marked(kDuration)) {
      const auto parsed = parse_duration(spot.node.text());
      return parsed ? measured(spot, parsed->count(), true) : bad_unit(spot, parsed.error());
    }
    if (spot.schema.marked(kSize)) {
      const auto parsed = parse_size(spot.node.text());
      return parsed ? measured(spot, static_cast<std::int64_t>(*parsed), false)
                    : bad_unit(spot, parsed.error());
    }
    const Json json = typed_scalar(spot);
    if (json.is_null()) return json;
    const std::string_view type = json_type(json);
    if (!spot.schema.allows(type) && !(type == "integer" && spot.schema.allows("number"))) {
      report_type(spot, type);
      return nullptr;
    }
    if (json.is_string() && !check_text(spot, json.get_ref<const std::string&>(), scope)) return nullptr;
    if (json.is_number()) check_bounds(spot, json.get<double>(), {});
    return json;
  }

  Json bad_unit(const Spot& spot, const UnitFault& fault) {
    error(FaultCode::Unit, spot, spot.node.mark(), fmt::format("{}: {}", what(spot), fault.message),
          fault.suggestion);
    return nullptr;
  }

  Json measured(const Spot& spot, std::int64_t number, bool duration) {
    const auto print = [&](double bound) {
      return duration ? format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(bound)))
                      : format_size(static_cast<std::uint64_t>(bound));
    };
    check_bounds(spot, static_cast<double>(number), print);
    return number;
  }

  void check_bounds(const Spot& spot, double number, const std::function<std::string(double)>& print) {
    const auto shown = [&](double bound) { return print ? print(bound) : fmt::format("{}", bound); };
    const auto least = spot.schema.number("minimum");
    const auto most = spot.schema.number("maximum");
    if (least && number < *least) {
      error(FaultCode::Settings, spot, spot.node.mark(),
            fmt::format("{} must be at least {}", what(spot), shown(*least)));
    } else if (most && number > *most) {
      error(FaultCode::Settings, spot, spot.node.mark(),
            fmt::format("{} must be at most {}", what(spot), shown(*most)));
    }
  }

  /// The scalar as JSON. What came from `${env:}` takes the type that the schema wants.
  Json typed_scalar(const Spot& spot) {
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
    error(FaultCode::BadValue, spot, node.mark(), fmt::format("{} is out of range", what(spot)));
    return nullptr;
  }

  void report_type(const Spot& spot, std::string_view type) {
    const std::string wanted = in_words(spot.schema.types());
    error(FaultCode::WrongType, spot, spot.node.mark(),
          fmt::format("{} must be {}, not {}", what(spot), wanted, in_words(type)),
          hint_for_type(spot.node, wanted));
  }

  /// False: valijson must not see it.
  bool check_text(const Spot& spot, const std::string& text, Scope& scope) {
    const auto words = spot.schema.words();
    if (!words.empty() && std::find(words.begin(), words.end(), text) == words.end()) {
      error(FaultCode::BadValue, spot, spot.node.mark(),
            fmt::format("{} must be one of {}", what(spot), listing(words, "or")), did_you_mean(text, words));
    }
    if (spot.schema.has_pattern() &&
        (text.size() > kLongestForPattern || !spot.schema.pattern_matches(text))) {
      error(FaultCode::Settings, spot, spot.node.mark(),
            fmt::format("{} is not of the form that is wanted", what(spot)), spot.schema.description());
      return false;
    }
    if (spot.schema.marked(kListener)) check_listener(spot, text, scope);
    if (spot.schema.marked(kRoute)) check_route(spot, text, scope);
    const std::string role = spot.schema.mark_text(kConnector);
    if (!role.empty()) check_connector(spot, text, role);
    return true;
  }

  void check_listener(const Spot& spot, const std::string& text, Scope& scope) {
    if (config_.host.listener(text) != nullptr) {
      scope.listeners.push_back(text);
      return;
    }
    std::vector<std::string> names;
    for (const Listener& listener : config_.host.listeners) names.push_back(listener.name.name);
    std::string hint = did_you_mean(text, names);
    if (hint.empty())
      hint = names.empty() ? "define it under \"host.listeners\"" : "there are: " + listing(names);
    error(FaultCode::UnknownName, spot, spot.node.mark(),
          fmt::format("listener \"{}\" is not defined", spot.node.written()), std::move(hint));
  }

  void check_route(const Spot& spot, const std::string& text, Scope& scope) {
    const std::string_view fault = route_fault(text);
    if (fault.empty()) {
      scope.paths.push_back(text);
      into_.route_places.emplace(text, spot.node.mark());
    } else {
      error(FaultCode::BadValue, spot, spot.node.mark(), fmt::format("{} is no path: {}", what(spot), fault));
    }
  }

  void check_connector(const Spot& spot, const std::string& text, const std::string& role) {
    const ConnectorConfig* connector = config_.connector(text);
    if (connector == nullptr) {
      std::vector<std::string> names;
      for (const ConnectorConfig& one : config_.connectors) names.push_back(one.name.name);
      error(FaultCode::UnknownName, spot, spot.node.mark(),
            fmt::format("connector \"{}\" is not defined", spot.node.written()), did_you_mean(text, names));
      return;
    }
    into_.uses.push_back(text);
    const RoleSet* roles = context_.roles_of(text);
    const auto wanted = role_from_string(role);
    if (roles == nullptr || !wanted || roles->has(*wanted)) return;
    error(FaultCode::WrongRole, spot, spot.node.mark(),
          fmt::format("{} needs a connector with the role {}; \"{}\" has it not", what(spot), role, text));
  }

  static std::string describe_property(const SchemaView& schema, const std::string& key) {
    const auto child = schema.property(key);
    const std::string text = child ? child->description() : std::string();
    return text.empty() ? text : fmt::format("{}: {}", key, text);
  }

  /// Reports a key that the schema does not have; the one that was probably meant, or nothing.
  std::string unknown_key(const Spot& spot, const YamlEntry& entry) {
    std::vector<std::string> known;
    for (const std::string& name : spot.schema.properties()) {
      if (!spot.schema.property(name)->marked(kProfiles)) known.push_back(name);
    }
    const std::string meant = closest(entry.key, known);
    if (!meant.empty() && spot.schema.property(meant)->marked(kSecret)) faults_.hide_excerpt(entry.key_mark);
    std::string hint = did_you_mean(entry.key, known);
    if (hint.empty()) hint = elsewhere(entry.key);
    if (hint.empty() && !known.empty()) hint = fmt::format("known here: {}", listing(known));
    error(FaultCode::UnknownKey, spot, entry.key_mark,
          fmt::format("unknown key \"{}\" in {}", entry.key, what(spot)), std::move(hint));
    return meant;
  }

  /// "belongs under" for a key that the schema knows one level up or down.
  std::string elsewhere(const std::string& key) const {
    const SchemaView root(schema_, schema_);
    const auto top = root.properties();
    if (std::find(top.begin(), top.end(), key) != top.end()) {
      return fmt::format("\"{}\" belongs directly under \"settings\"", key);
    }
    for (const std::string& name : top) {
      const auto inner = root.property(name)->properties();
      if (std::find(inner.begin(), inner.end(), key) != inner.end()) {
        return fmt::format("\"{}\" belongs under \"{}\"", key, name);
      }
    }
    return {};
  }

  void grant(const Scope& scope) {
    for (const std::string& listener : scope.listeners) into_.grants.push_back({listener, scope.paths});
  }

  /// What only a full validator sees. Values that already have a fault are left out, and what is around them.
  void validate(const Json& document) {
    const auto found = validate_json(schema_for_plugin(schema_), document);
    if (!found) {
      faults_.error(FaultCode::Plugin, into_.places[""],
                    fmt::format("plugin \"{}\": {}", into_.plugin, found.error().message),
                    "tell the plugin's vendor");
      return;
    }
    for (const SchemaFault& fault : *found) {
      const bool known = std::any_of(faulted_.begin(), faulted_.end(), [&](const std::string& pointer) {
        return is_at_or_below(pointer, fault.pointer) || is_at_or_below(fault.pointer, pointer);
      });
      if (known) continue;
      faults_.error(FaultCode::Settings, into_.place_of(fault.pointer),
                    fmt::format("{}: {}", label(field_of(fault.pointer)), fault.message));
    }
  }

  static std::string field_of(std::string_view pointer) {
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

  const Json& schema_;
  const Config& config_;
  const SettingsContext& context_;
  Faults& faults_;
  PreparedConnector& into_;
  std::string profiles_field_;     // where the file's profiles go, once they went
  std::set<std::string> faulted_;  // pointers whose fault is reported
};

bool is_true(const Json& schema, std::string_view mark) {
  const auto found = schema.find(mark);
  return found != schema.end() && *found == true;
}

}  // namespace

void read_settings(const YamlNode& settings, Mark place, const Json& schema, const SettingsContext& context,
                   PreparedConnector& into) {
  SettingsReader(schema, context, into).run(settings, place);
}

bool schema_has_mark(const Json& schema, std::string_view mark) {
  if (schema.is_object() && schema.contains(mark)) return true;
  return schema.is_structured() && std::any_of(schema.begin(), schema.end(), [&](const Json& below) {
           return schema_has_mark(below, mark);
         });
}

Json schema_for_plugin(const Json& schema) {
  if (!schema.is_structured()) return schema;
  if (schema.is_object() && (is_true(schema, kDuration) || is_true(schema, kSize))) {
    Json number = {{"type", "integer"}};
    for (const std::string_view keyword : {"minimum", "maximum"}) {
      if (schema.contains(keyword)) number[std::string(keyword)] = schema.at(std::string(keyword));
    }
    return number;
  }
  if (schema.is_object() && is_true(schema, kSecret)) return {{"type", "string"}};
  Json copy = schema;
  for (Json& below : copy) below = schema_for_plugin(below);
  return copy;
}

}  // namespace certspan
