#include "host/config/check_types.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <certspan/abi/plugin.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/config/json_schema.hpp"
#include "host/config/schema_marks.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/settings.hpp"
#include "host/config/settings_schema.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

class TypeChecker {
 public:
  TypeChecker(const Config& config, const TypeCatalog& catalog, Faults& faults)
      : config_(config), catalog_(catalog), faults_(faults) {}

  PreparedConfig run() {
    for (const ConnectorConfig& connector : config_.connectors) names_.push_back(connector.name.name);
    for (const ConnectorConfig& connector : config_.connectors) find_type(connector);
    for (const ConnectorConfig& connector : config_.connectors) prepare(connector);
    if (needs_fence() && config_.connector(kFenceConnector) == nullptr) prepare_fence();
    check_listeners();
    for (const PipelineConfig& pipeline : config_.pipelines) check_pipeline(pipeline);
    check_unused();
    check_routes();
    return std::move(prepared_);
  }

 private:
  const ConnectorType* type_of(std::string_view connector) const {
    const auto found = types_.find(connector);
    return found == types_.end() ? nullptr : found->second;
  }

  void missing(const ConnectorConfig& connector, Mark mark, std::string message, std::string hint) {
    if (connector.required) {
      faults_.error(FaultCode::UnknownName, mark, std::move(message), std::move(hint));
    } else {
      faults_.warning(FaultCode::UnknownName, mark, message + "; the host runs without this connector",
                      std::move(hint));
    }
  }

  void find_type(const ConnectorConfig& connector) {
    const std::string& plugin = connector.plugin.name;
    const std::string& name = connector.type.name;
    if (plugin.empty() || name.empty()) return;
    if (const ConnectorType* type = catalog_.find(plugin, name)) {
      types_.emplace(connector.name.name, type);
      return;
    }
    std::vector<std::string> plugins;
    std::vector<std::string> siblings;
    std::string elsewhere;
    for (const ConnectorType* type : catalog_.types()) {
      if (std::find(plugins.begin(), plugins.end(), type->plugin) == plugins.end())
        plugins.push_back(type->plugin);
      if (type->plugin == plugin) siblings.push_back(type->name);
      if (type->name == name) elsewhere = type->plugin;
    }
    if (!siblings.empty()) {
      missing_type(connector, siblings, elsewhere);
    } else if (const std::string why = catalog_.why_refused(plugin); !why.empty()) {
      missing(connector, connector.plugin.mark, fmt::format("plugin \"{}\" is refused: {}", plugin, why),
              did_you_mean(plugin, plugins));
    } else {
      std::string hint = did_you_mean(plugin, plugins);
      if (hint.empty())
        hint = "is its file in one of \"plugins.dirs\"? `certspan plugin list` shows what is found";
      missing(connector, connector.plugin.mark, fmt::format("plugin \"{}\" is not found", plugin),
              std::move(hint));
    }
  }

  void missing_type(const ConnectorConfig& connector, const std::vector<std::string>& siblings,
                    const std::string& elsewhere) {
    std::string hint = did_you_mean(connector.type.name, siblings);
    if (hint.empty() && !elsewhere.empty())
      hint = fmt::format("plugin \"{}\" has a type of that name", elsewhere);
    if (hint.empty()) hint = fmt::format("it has: {}", listing(siblings));
    missing(connector, connector.type.mark,
            fmt::format("plugin \"{}\" has no type \"{}\"", connector.plugin.name, connector.type.name),
            std::move(hint));
  }

  void check_fence(const ConnectorConfig& connector) {
    if (connector.plugin.name != kFencePlugin || connector.type.name != kFenceType) {
      faults_.error(FaultCode::Conflict, connector.name.mark,
                    fmt::format("the name \"{}\" is kept for the bundled plugin that fences every issuer",
                                kFenceConnector),
                    "give this connector another name");
    } else if (!connector.required) {
      faults_.error(FaultCode::BadValue, connector.name.mark, "the fence of every issuer can not be optional",
                    "remove `required: false`");
    }
  }

  void prepare(const ConnectorConfig& connector) {
    const ConnectorType* type = type_of(connector.name.name);
    if (connector.name.name == kFenceConnector) check_fence(connector);
    if (type == nullptr) return;
    check_ca_key(connector, *type);
    PreparedConnector prepared;
    prepared.name = connector.name.name;
    prepared.concurrency = connector.concurrency;
    prepared.required = connector.required;
    prepared.isolation = connector.isolation;
    prepared.network = may_use_network(connector, *type);
    add(std::move(prepared), *type, connector.settings, connector.settings_mark);
  }

  void prepare_fence() {
    const ConnectorType* type = catalog_.find(kFencePlugin, kFenceType);
    if (type == nullptr) {
      const std::string why = catalog_.why_refused(kFencePlugin);
      faults_.error(FaultCode::UnknownName, config_.plugins.mark,
                    why.empty()
                        ? fmt::format("the bundled plugin \"{}\", which fences every issuer, is not found",
                                      kFencePlugin)
                        : fmt::format("the bundled plugin \"{}\", which fences every issuer, is refused: {}",
                                      kFencePlugin, why),
                    "add the directory that certspan's own plugins are in to \"plugins.dirs\"");
      return;
    }
    PreparedConnector prepared;
    prepared.name = kFenceConnector;
    add(std::move(prepared), *type, YamlNode(), config_.profiles_mark);
  }

  void add(PreparedConnector prepared, const ConnectorType& type, const YamlNode& settings, Mark place) {
    prepared.plugin = type.plugin;
    prepared.type = type.name;
    const Json schema = Json::parse(type.settings_schema, nullptr, false);
    if (!schema.is_object()) {
      faults_.error(
          FaultCode::Plugin, place,
          fmt::format("plugin \"{}\": the settings schema of type \"{}\" is no JSON", type.plugin, type.name),
          "tell the plugin's vendor");
      return;
    }
    if (schema_has_mark(schema, kListenerMark)) network_.insert(prepared.name);
    const SettingsContext context{config_, [this](std::string_view name) { return roles_of(name); }, faults_};
    read_settings(settings, place, schema, context, prepared);
    check_alone(schema, prepared);
    prepared_.connectors.push_back(std::move(prepared));
  }

  /// Two connectors that take from one place take from each other.
  void check_alone(const Json& schema, const PreparedConnector& connector) {
    const std::string setting = SchemaView(schema, schema).mark_text(kAloneMark);
    if (setting.empty()) return;
    const Json settings = Json::parse(connector.settings, nullptr, false);
    if (!settings.is_object() || !settings.contains(setting)) return;
    const std::string value = lower_case(settings[setting].dump());
    const auto [first, fresh] =
        alone_.emplace(std::tuple(connector.plugin, connector.type, value), connector.name);
    if (fresh) return;
    faults_.error(
        FaultCode::Conflict, connector.place_of("/" + setting),
        fmt::format("connectors \"{}\" and \"{}\" have the same \"{}\", which only one of type {} may have",
                    first->second, connector.name, setting, connector.type),
        "remove one of them: each would take what the other waits for");
  }

  const RoleSet* roles_of(std::string_view connector) const {
    const ConnectorType* type = type_of(connector);
    return type == nullptr ? nullptr : &type->roles;
  }

  void check_ca_key(const ConnectorConfig& connector, const ConnectorType& type) {
    if ((type.flags & CERTSPAN_TYPE_HOLDS_CA_KEY) == 0 || config_.host.danger_ca_key_in_host) return;
    if (connector.isolation == Isolation::Process) return;
    faults_.error(
        FaultCode::CaKeyInHost, connector.type.mark,
        fmt::format("connector \"{}\" holds a CA key, which would be in the process that reads the network",
                    connector.name.name),
        "remove `isolation: in_process`, so that it has a process of its own; or say "
        "`danger_ca_key_in_host: true` under \"host\" if you accept that");
  }

  /// Two have to agree before a worker may open sockets: the plugin that asks, and the admin who grants.
  bool may_use_network(const ConnectorConfig& connector, const ConnectorType& type) {
    if (connector.isolation == Isolation::Process && connector.network != type.needs_network) {
      faults_.warning(
          FaultCode::Conflict, connector.name.mark,
          connector.network
              ? fmt::format(
                    "connector \"{}\" is granted the network, for which plugin \"{}\" does not ask; it "
                    "does not get it: remove `network: true`",
                    connector.name.name, type.plugin)
              : fmt::format("plugin \"{}\" opens sockets of its own, which connector \"{}\" may not; say "
                            "`network: true` there if it shall",
                            type.plugin, connector.name.name));
    }
    return connector.network && type.needs_network;
  }

  bool needs_fence() const {
    const bool tls =
        std::any_of(config_.host.listeners.begin(), config_.host.listeners.end(),
                    [](const Listener& l) { return std::holds_alternative<TlsFromIssuer>(l.tls); });
    return tls ||
           std::any_of(
               config_.pipelines.begin(), config_.pipelines.end(), [](const PipelineConfig& pipeline) {
                 return std::any_of(pipeline.steps.begin(), pipeline.steps.end(),
                                    [](const StepConfig& step) { return step.kind == StepKind::Issue; });
               });
  }

  /// Connectors whose type is not known have their own fault already.
  void check_role(const Named& connector, Role role, std::string_view where) {
    const ConnectorType* type = type_of(connector.name);
    if (type == nullptr || type->roles.has(role)) return;
    std::vector<std::string> able;
    for (const auto& [name, other] : types_) {
      if (other->roles.has(role)) able.push_back(name);
    }
    faults_.error(FaultCode::WrongRole, connector.mark,
                  fmt::format("connector \"{}\" (type {}) is no {}, as {} wants", connector.name, type->name,
                              to_string(role), where),
                  able.empty() ? std::string() : fmt::format("here is: {}", listing(able)));
  }

  void check_step_role(const Named& connector, StepKind kind) {
    switch (kind) {
      case StepKind::Validate:
        return check_role(connector, Role::Validator, "\"validate\"");
      case StepKind::Issue:
        return check_role(connector, Role::Issuer, "\"issue\"");
      case StepKind::Deliver:
      case StepKind::DeliverFailure:
        return check_role(connector, Role::Deliverer, "\"deliver\"");
      case StepKind::Revoke:
        return check_role(connector, Role::Revoker, "\"revoke\"");
    }
  }

  void use(const Named& connector) { used_.insert(closest_or_same(connector.name, names_)); }

  void check_listeners() {
    for (const Listener& listener : config_.host.listeners) {
      const auto* tls = std::get_if<TlsFromIssuer>(&listener.tls);
      if (tls == nullptr) continue;
      check_role(tls->issuer, Role::Issuer, "\"tls\"");
      use(tls->issuer);
    }
  }

  void check_pipeline(const PipelineConfig& pipeline) {
    check_role(pipeline.source, Role::Source, "\"source\"");
    use(pipeline.source);
    sources_.insert(closest_or_same(pipeline.source.name, names_));
    check_labels(pipeline);
    bool validated = false;
    const PreparedConnector* sharing = nullptr;
    for (const StepConfig& step : pipeline.steps) {
      const bool issue = step.kind == StepKind::Issue;
      for (const Named& connector : step.connectors) {
        check_step_role(connector, step.kind);
        use(connector);
      }
      for (const Named& source : step.sources) check_role(source, Role::Source, "\"sources\"");
      if (issue && sharing != nullptr) warn_of_sharing(*sharing, step);
      if (!issue && sharing == nullptr) sharing = sharing_one(step);
      validated = validated || step.kind == StepKind::Validate;
      if (issue && !validated) check_open(pipeline, step);
    }
  }

  const PreparedConnector* sharing_one(const StepConfig& step) const {
    for (const Named& connector : step.connectors) {
      const PreparedConnector* prepared = prepared_.connector(connector.name);
      if (prepared != nullptr && prepared->shares_secret) return prepared;
    }
    return nullptr;
  }

  /// Devices sign the secret into their requests: nobody can take it out before a CA of somebody else sees
  /// it.
  void warn_of_sharing(const PreparedConnector& sharing, const StepConfig& step) {
    for (const Named& issuer : step.connectors) {
      const ConnectorType* type = type_of(issuer.name);
      if (type == nullptr || (type->flags & CERTSPAN_TYPE_HOLDS_CA_KEY) != 0) continue;
      faults_.warning(
          FaultCode::SharedChallenge, issuer.mark,
          fmt::format("CA \"{}\" sees the challenge that \"{}\" has for all devices: it stands in every "
                      "request",
                      issuer.name, sharing.name),
          "use one-time challenges with CAs that are not your own");
    }
  }

  /// Only where the source says which labels there are.
  void check_labels(const PipelineConfig& pipeline) {
    const ConnectorType* type = type_of(pipeline.source.name);
    if (type == nullptr) return;
    const Json schema = Json::parse(type->settings_schema, nullptr, false);
    const auto said = schema.is_object() ? schema.find(kLabelsMark) : schema.end();
    if (said == schema.end() || !said->is_array()) return;
    std::vector<std::string> labels = {"message"};
    for (const Json& label : *said) {
      if (label.is_string()) labels.push_back(label);
    }
    for (const WhenRule& rule : pipeline.when) {
      if (std::find(labels.begin(), labels.end(), rule.label.name) != labels.end()) continue;
      const std::string hint = did_you_mean(rule.label.name, labels);
      faults_.error(FaultCode::UnknownName, rule.label.mark,
                    fmt::format("the items of source \"{}\" have no label \"{}\"", pipeline.source.name,
                                rule.label.name),
                    hint.empty() ? "there are: " + listing(labels) : hint);
    }
  }

  void check_open(const PipelineConfig& pipeline, const StepConfig& step) {
    if (pipeline.danger_open_enrolment || !network_.contains(pipeline.source.name)) return;
    faults_.error(
        FaultCode::OpenEnrolment, step.mark,
        fmt::format("pipeline \"{}\" issues certificates to whoever reaches source \"{}\": nothing validates "
                    "the request before this step",
                    pipeline.name.name, pipeline.source.name),
        "put a `validate` step before it, or say `danger_open_enrolment: true` in the pipeline");
  }

  void check_unused() {
    for (const PreparedConnector& prepared : prepared_.connectors)
      used_.insert(prepared.uses.begin(), prepared.uses.end());
    for (const ConnectorConfig& connector : config_.connectors) {
      const std::string& name = connector.name.name;
      const ConnectorType* type = type_of(name);
      if (type == nullptr || name == kFenceConnector) continue;
      if (type->roles.has(Role::Source) && !sources_.contains(name)) {
        faults_.error(FaultCode::NoOtherwise, connector.name.mark,
                      fmt::format("the items of source \"{}\" have no pipeline", name),
                      "add one, or remove the connector");
      } else if (!used_.contains(name) && !answers(name)) {
        faults_.warning(FaultCode::Unused, connector.name.mark,
                        fmt::format("connector \"{}\" is used by nothing", name));
      }
    }
  }

  /// Whoever asks it over a listener uses it.
  bool answers(std::string_view name) const {
    const PreparedConnector* prepared = prepared_.connector(name);
    return prepared != nullptr && !prepared->grants.empty();
  }

  void check_routes() {
    std::map<std::pair<std::string, std::string>, std::string> owners;
    if (const MetricsSection& metrics = config_.host.metrics; !metrics.listener.name.empty()) {
      owners.emplace(std::pair(metrics.listener.name, metrics.path), "host.metrics");
    }
    for (const PreparedConnector& connector : prepared_.connectors) {
      for (const RouteGrant& grant : connector.grants) {
        for (const std::string& path : grant.paths) {
          const auto [owner, fresh] = owners.emplace(std::pair(grant.listener, path),
                                                     fmt::format("connector \"{}\"", connector.name));
          if (fresh) continue;
          faults_.error(FaultCode::Conflict, connector.place_of(""),
                        fmt::format("path \"{}\" on listener \"{}\" is taken twice: by {} and here", path,
                                    grant.listener, owner->second));
        }
      }
    }
  }

  const Config& config_;
  const TypeCatalog& catalog_;
  Faults& faults_;
  PreparedConfig prepared_;
  std::vector<std::string> names_;                                  // of the file's connectors
  std::map<std::string, const ConnectorType*, std::less<>> types_;  // by connector
  std::map<std::tuple<std::string, std::string, std::string>, std::string> alone_;  // by kAloneMark's value
  std::set<std::string> network_;                                                   // connectors that listen
  std::set<std::string> used_;
  std::set<std::string> sources_;
};

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::Source:
      return "source";
    case Role::Validator:
      return "validator";
    case Role::Processor:
      return "processor";
    case Role::Issuer:
      return "issuer";
    case Role::Deliverer:
      return "deliverer";
    case Role::Revoker:
      return "revoker";
  }
  return "";
}

std::optional<Role> role_from_string(std::string_view word) {
  for (const Role role :
       {Role::Source, Role::Validator, Role::Processor, Role::Issuer, Role::Deliverer, Role::Revoker}) {
    if (to_string(role) == word) return role;
  }
  return std::nullopt;
}

const ConnectorType* TypeCatalog::find(std::string_view plugin, std::string_view type) const {
  for (const ConnectorType* one : types()) {
    if (one->plugin == plugin && one->name == type) return one;
  }
  return nullptr;
}

Mark PreparedConnector::place_of(std::string_view json_pointer) const {
  while (true) {
    const auto found = places.find(json_pointer);
    if (found != places.end()) return found->second;
    const std::size_t slash = json_pointer.rfind('/');
    if (slash == std::string_view::npos) return {};
    json_pointer = json_pointer.substr(0, slash);
  }
}

bool PreparedConnector::faulted_at(std::string_view json_pointer) const {
  return std::any_of(faulted.begin(), faulted.end(), [&](const std::string& other) {
    return is_at_or_below(other, json_pointer) || is_at_or_below(json_pointer, other);
  });
}

const PreparedConnector* PreparedConfig::connector(std::string_view name) const {
  const auto found = std::find_if(connectors.begin(), connectors.end(),
                                  [&](const PreparedConnector& one) { return one.name == name; });
  return found == connectors.end() ? nullptr : &*found;
}

PreparedConfig check_against_types(const Config& config, const TypeCatalog& catalog, Faults& faults) {
  return TypeChecker(config, catalog, faults).run();
}

void add_plugin_fault(const PreparedConnector& connector, std::string_view json_pointer,
                      std::string_view message, Faults& faults) {
  if (!json_pointer.empty() && connector.faulted_at(json_pointer)) return;
  faults.error(FaultCode::Plugin, connector.place_of(json_pointer),
               fmt::format("connector \"{}\": {}", connector.name, message));
}

void check_secrets_readable(const PreparedConfig& prepared, Faults& faults) {
  for (const PreparedConnector& connector : prepared.connectors) {
    for (const SecretRef& ref : connector.secrets) {
      if (const auto secret = read_secret(ref); !secret) fault_of_secret(ref, secret.error(), faults);
    }
  }
}

void fault_of_secret(const SecretRef& ref, const Error& error, Faults& faults) {
  const bool elsewhere = error.code == "secret.no_credentials" || error.code == "secret.unreadable";
  if (elsewhere) {
    faults.warning(FaultCode::SecretUnreadable, ref.mark, error.message);
  } else {
    faults.error(FaultCode::SecretUnreadable, ref.mark, error.message);
  }
}

}  // namespace certspan
