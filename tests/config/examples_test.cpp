#include <filesystem>
#include <string>
#include <vector>

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>
#include <catch2/catch.hpp>
#include <certspan/plugin.hpp>

#include "host/config/check_types.hpp"
#include "host/config/load_config.hpp"
#include "plugins/ca_local/local_ca.hpp"
#include "plugins/intune/scep_validator/scep_validator.hpp"
#include "plugins/ndes/challenge/challenge.hpp"
#include "plugins/ndes/renewal/renewal.hpp"
#include "plugins/ndes/scep_server/scep_server.hpp"
#include "plugins/profile/fence.hpp"

namespace certspan {
namespace {

/// The shipped plugins, as their own tables describe them.
class ShippedPlugins final : public TypeCatalog {
 public:
  ShippedPlugins() {
    add<scep::ScepServer>("ndes");
    add<scep::Challenge>("ndes");
    add<scep::Renewal>("ndes");
    add<ca_local::LocalCa>("ca_local");
    add<intune::ScepValidator>("intune");
    add<profile::Fence>("profile");
  }

  std::vector<const ConnectorType*> types() const override {
    std::vector<const ConnectorType*> list;
    for (const ConnectorType& type : types_) list.push_back(&type);
    return list;
  }
  std::string why_refused(std::string_view /*plugin*/) const override { return {}; }

 private:
  template <class T>
  void add(const std::string& plugin) {
    const certspan_connector_type& table = sdk::ConnectorType<T>::kTable;
    ConnectorType type{plugin, table.name, table.summary, table.settings_schema, {}, table.flags};
    const auto* source =
        static_cast<const certspan_role_source*>(table.interface_table(CERTSPAN_ROLE_SOURCE));
    if (source != nullptr && (source->flags & CERTSPAN_SOURCE_BRINGS_NO_WORK) == 0)
      type.roles.add(Role::Source);
    if (table.interface_table(CERTSPAN_ROLE_VALIDATOR) != nullptr) type.roles.add(Role::Validator);
    if (table.interface_table(CERTSPAN_ROLE_PROCESSOR) != nullptr) type.roles.add(Role::Processor);
    if (table.interface_table(CERTSPAN_ROLE_ISSUER) != nullptr) type.roles.add(Role::Issuer);
    if (table.interface_table(CERTSPAN_ROLE_DELIVERER) != nullptr) type.roles.add(Role::Deliverer);
    types_.push_back(std::move(type));
  }

  std::vector<ConnectorType> types_;
};

std::vector<std::filesystem::path> shipped_examples() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(CERTSPAN_SOURCE_DIR "/config/examples")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  return files;
}

TEST_CASE(
    "every shipped example fits the host and the plugins that are shipped; only its own danger_ switches "
    "warn") {
  const ShippedPlugins plugins;
  const auto files = shipped_examples();
  CHECK(files.size() >= 3);
  for (const auto& file : files) {
    CAPTURE(file.string());
    Faults faults(file.string());
    const auto config = load_config(file, faults);
    REQUIRE(config);
    const PreparedConfig prepared = check_against_types(*config, plugins, faults);
    INFO(faults.to_text());
    for (const Fault& fault : faults.sorted()) CHECK(fault.code == FaultCode::Danger);
    CHECK(prepared.connector("profile") != nullptr);
  }
}

TEST_CASE("the profiles of every shipped example are good") {
  const ShippedPlugins plugins;
  for (const auto& file : shipped_examples()) {
    CAPTURE(file.string());
    Faults faults(file.string());
    const auto config = load_config(file, faults);
    REQUIRE(config);
    const PreparedConfig prepared = check_against_types(*config, plugins, faults);
    const PreparedConnector* fence = prepared.connector("profile");
    REQUIRE(fence != nullptr);
    std::string first_fault;
    certspan_fault_sink sink = {
        sizeof(certspan_fault_sink), 0, &first_fault,
        [](void* context, certspan_string_view pointer, certspan_string_view message) noexcept {
          auto& text = *static_cast<std::string*>(context);
          if (text.empty()) {
            text = std::string(sdk::from_abi(pointer)) + " " + std::string(sdk::from_abi(message));
          }
        }};
    sdk::ConnectorType<profile::Fence>::validate_config(sdk::to_abi(fence->settings), &sink);
    CHECK(first_fault.empty());
  }
}

}  // namespace
}  // namespace certspan
