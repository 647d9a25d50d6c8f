#include "host/app/connector_probe.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include "host/app/trial_services.hpp"
#include "host/loading/connector.hpp"
#include "host/loading/plugin_library.hpp"
#include "host/loading/probe.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kLimit{10};
constexpr std::array<std::string_view, 3> kOwnPlugins = {"ndes", "ca_local", "profile"};

/// References to secrets only, never what they refer to.
Json to_json(const PreparedConnector& prepared, const Plugin& plugin) {
  Json secrets = Json::array();
  for (const SecretRef& secret : prepared.secrets) {
    secrets.push_back({{"credential", secret.store == SecretRef::Store::Credential}, {"name", secret.name}});
  }
  return {{"name", prepared.name},
          {"type", prepared.type},
          {"settings", prepared.settings},
          {"secrets", std::move(secrets)},
          {"plugin", plugin.path().string()}};
}

PreparedConnector from_json(const Json& json) {
  PreparedConnector prepared;
  prepared.name = json.at("name");
  prepared.type = json.at("type");
  prepared.settings = json.at("settings");
  for (const Json& secret : json.at("secrets")) {
    const auto store = secret.at("credential") ? SecretRef::Store::Credential : SecretRef::Store::File;
    prepared.secrets.push_back({store, secret.at("name"), {}});
  }
  return prepared;
}

Result<Bytes> try_connector(const Json& json, const EnterPhase& enter) {
  PreparedConfig config;
  config.connectors.push_back(from_json(json));
  const PreparedConnector& prepared = config.connectors.front();
  const std::string path = json.at("plugin");
  enter("its static constructors ran");
  CERTSPAN_TRY(const PluginLibrary library, PluginLibrary::open(path));
  const auto plugin = std::make_shared<const Plugin>(*library.describe(), path, path, "");
  const certspan_connector_type* type = plugin->find_type(prepared.type);
  if (type == nullptr) return Bytes();
  enter("it looked at the settings");
  const bool good = validate_settings(*type, prepared.settings).ok();
  const TrialServices services(config);
  if (!good || services.backends() == nullptr || !secrets_readable(prepared)) return Bytes();
  enter("it was made");
  const HostServices host(prepared.name, *services.backends());
  Connector connector(prepared.name, plugin, *type);
  static_cast<void>(connector.create(host.host(), prepared.settings));
  enter("it was destroyed");
  connector.destroy();
  return {};
}

std::string read_input() {
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t got = 1; got > 0;) {
    got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

Result<void> probe_connector(const PreparedConnector& prepared, const Plugin& plugin) {
  const bool shipped = plugin.trust().kind == TrustGround::Kind::Shipped;
  if (shipped && std::ranges::find(kOwnPlugins, plugin.id()) != kOwnPlugins.end()) return {};
  CERTSPAN_CHECK(run_probe({"/proc/self/exe", {kProbeConnector}, to_json(prepared, plugin).dump(), kLimit}));
  return {};
}

void connector_probe_main() {
  run_probe_child([](const EnterPhase& enter) -> Result<Bytes> {
    const std::string text = read_input();
    try {
      return try_connector(Json::parse(text), enter);
    } catch (const Json::exception& error) {
      return fail(Outcome::Internal, "plugin.probe_failed", error.what());
    }
  });
}

}  // namespace certspan
