#include "host/config/settings.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/config/json_schema.hpp"
#include "host/config/schema_marks.hpp"
#include "host/config/setting_scalar.hpp"
#include "host/config/settings_schema.hpp"
#include "host/config/suggest.hpp"
#include "host/config/units.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;
using Kind = YamlNode::Kind;

constexpr std::size_t kLargestSettings = 256UL * 1024;  // of the contract, abi/plugin.h

/// Walks settings and schema side by side.
class SettingsReader {
 public:
  SettingsReader(const Json& schema, SettingsRun& run) : schema_(schema), run_(run) {}

  void run(const YamlNode& settings, Mark place) {
    const SchemaView view(schema_, schema_);
    SettingScope scope;
    run_.into().places[""] = place;
    const Json document = mapping({settings, view, "", "", place}, scope);
    grant(scope);
    validate_settings(schema_, document, run_);
    run_.into().settings = document.dump();
    if (run_.into().settings.size() > kLargestSettings) {
      run_.faults().error(
          FaultCode::TooLarge, place,
          fmt::format("{} are larger than {}", run_.label(""), format_size(kLargestSettings)));
    }
  }

 private:
  Json value(const SettingSpot& spot, SettingScope& scope) {
    run_.into().places[spot.pointer] = spot.place;
    if (spot.node.failed()) {
      run_.give_up(spot);
      return nullptr;
    }
    if (spot.schema.marked(kInHostMark) && run_.into().isolation == Isolation::Process) {
      run_.error(
          FaultCode::Conflict, spot, spot.place,
          fmt::format(
              "{} can't be used in a worker process, which has no way to a token: neither its files nor "
              "its devices",
              run_.label(spot)),
          "say `isolation: in_process` at the connector");
    }
    if (spot.schema.marked(kSecretMark) && spot.node.is_scalar()) return read_setting_secret(run_, spot);
    if (spot.schema.marked(kSecretMark)) run_.faults().hide_excerpt(spot.place);
    switch (spot.node.kind()) {
      case Kind::Mapping:
        return container(spot, scope, "object");
      case Kind::Sequence:
        return container(spot, scope, "array");
      case Kind::Secret:
        run_.error(
            FaultCode::SecretPlace, spot, spot.node.mark(),
            fmt::format("{} is no secret field", run_.label(spot)),
            "secret references are for fields that the plugin marks as secret; use ${env:NAME} for the rest");
        return "";
      case Kind::Null:
        run_.error(FaultCode::WrongType, spot, spot.place, fmt::format("{} has no value", run_.label(spot)),
                   "give it one, or remove the line");
        return nullptr;
      default:
        return read_setting_scalar(run_, spot, scope);
    }
  }

  Json container(const SettingSpot& spot, SettingScope& scope, std::string_view type) {
    if (!spot.schema.allows(type)) {
      report_setting_type(run_, spot, type);
      return nullptr;
    }
    if (type == "array") return sequence(spot, scope);
    // A mapping with a listener of its own is a scope of its own.
    SettingScope inner;
    Json json = mapping(spot, has_listener(spot) ? inner : scope);
    grant(inner);
    return json;
  }

  bool has_listener(const SettingSpot& spot) const {
    return std::any_of(spot.node.entries().begin(), spot.node.entries().end(), [&](const YamlEntry& entry) {
      const auto child = spot.schema.property(entry.key);
      return child && (child->marked(kListenerMark) || child->items().marked(kListenerMark));
    });
  }

  Json mapping(const SettingSpot& spot, SettingScope& scope) {
    Json object = Json::object();
    std::set<std::string> meant;  // by keys that are misspelt: not missing as well
    for (const YamlEntry& entry : spot.node.entries()) {
      const auto child = spot.schema.property(entry.key);
      if (!child) {
        meant.insert(unknown_key(spot, entry));
      } else if (child->marked(kProfilesMark)) {
        run_.error(FaultCode::BadValue, spot, entry.key_mark,
                   "profiles do not stand in a connector's settings",
                   "write them under \"profiles\" at the top level");
      } else {
        const std::string field =
            spot.field.empty() ? entry.key : fmt::format("{}.{}", spot.field, entry.key);
        object[entry.key] =
            value({entry.value, *child, pointer_to(spot.pointer, entry.key), field, entry.key_mark}, scope);
      }
    }
    add_profiles(spot, scope, object);
    for (const YamlEntry& entry : spot.node.entries()) check_passwords(spot, entry, object);
    for (const std::string& key : spot.schema.required()) {
      if (spot.node.find(key) != nullptr || object.contains(key) || meant.contains(key)) continue;
      run_.error(FaultCode::MissingKey, spot, spot.place,
                 fmt::format("{} has no \"{}\"", run_.label(spot), key), describe_property(spot.schema, key));
    }
    return object;
  }

  /// Whoever is on the way reads a password that no TLS hides.
  void check_passwords(const SettingSpot& spot, const YamlEntry& entry, const Json& object) {
    const auto child = spot.schema.property(entry.key);
    const std::string lifts = child ? child->mark_text(kPasswordsMark) : std::string();
    if (lifts.empty() || object.value(lifts, Json()) == Json(true)) return;
    const Listener* listener = run_.config().host.listener(entry.value.text());
    if (listener == nullptr || listener->has_tls() || listener->is_loopback()) return;
    run_.error(
        FaultCode::ClearPasswords, spot, entry.value.mark(),
        fmt::format("passwords for {} would cross the network in the clear: listener \"{}\" has no TLS",
                    run_.label(spot), entry.value.text()),
        fmt::format("give the listener `tls`, or an address of this machine alone; or say `{}: true` if "
                    "something else hides what crosses",
                    lifts));
  }

  void add_profiles(const SettingSpot& spot, SettingScope& scope, Json& object) {
    for (const std::string& key : spot.schema.properties()) {
      const auto child = spot.schema.property(key);
      if (!child || !child->marked(kProfilesMark)) continue;
      const std::string pointer = pointer_to(spot.pointer, key);
      run_.into().places[pointer] = run_.config().profiles_mark;
      const std::string field = spot.field.empty() ? key : fmt::format("{}.{}", spot.field, key);
      run_.profiles_are(field);
      object[key] =
          mapping({run_.config().profiles, *child, pointer, field, run_.config().profiles_mark}, scope);
    }
  }

  Json sequence(const SettingSpot& spot, SettingScope& scope) {
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
      run_.error(FaultCode::Settings, spot, spot.node.mark(),
                 fmt::format("{} needs at least {} entries", run_.label(spot), *least));
    }
    return array;
  }

  static std::string describe_property(const SchemaView& schema, const std::string& key) {
    const auto child = schema.property(key);
    const std::string text = child ? child->description() : std::string();
    return text.empty() ? text : fmt::format("{}: {}", key, text);
  }

  static bool has_secret(const SchemaView& schema) {
    return std::ranges::any_of(schema.properties(), [&](const std::string& name) {
      const auto child = schema.property(name);
      return child && (child->marked(kSecretMark) || has_secret(*child));
    });
  }

  /// Reports a key that the schema does not have; the one that was probably meant, or nothing.
  std::string unknown_key(const SettingSpot& spot, const YamlEntry& entry) {
    std::vector<std::string> known;
    for (const std::string& name : spot.schema.properties()) {
      if (!spot.schema.property(name)->marked(kProfilesMark)) known.push_back(name);
    }
    std::string meant = closest(entry.key, known);
    std::string hint = did_you_mean(entry.key, known);
    if (hint.empty()) hint = elsewhere(entry.key);
    // What is near no key of ours may hold the secret that is missing.
    const bool stray = hint.empty() && has_secret(spot.schema);
    if (stray || (!meant.empty() && spot.schema.property(meant)->marked(kSecretMark)))
      run_.faults().hide_excerpt(entry.key_mark);
    if (hint.empty() && !known.empty()) hint = fmt::format("known here: {}", listing(known));
    run_.into().faulted.insert(spot.pointer + "/" + entry.key);
    run_.faults().error(FaultCode::UnknownKey, entry.key_mark,
                        fmt::format("unknown key \"{}\" in {}", entry.key, run_.label(spot)),
                        std::move(hint));
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

  void grant(const SettingScope& scope) {
    for (const std::string& listener : scope.listeners) run_.into().grants.push_back({listener, scope.paths});
  }

  const Json& schema_;
  SettingsRun& run_;
};

}  // namespace

void read_settings(const YamlNode& settings, Mark place, const Json& schema, const SettingsContext& context,
                   PreparedConnector& into) {
  SettingsRun run(context, into);
  SettingsReader(schema, run).run(settings, place);
}

}  // namespace certspan
