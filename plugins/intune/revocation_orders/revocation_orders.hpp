// The connector type `revocation_orders`: fetches what Intune wants revoked, and tells it what came of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <certspan/actions.hpp>
#include <certspan/connector.hpp>

#include "plugins/common/connector/schema.hpp"
#include "plugins/intune/revocation_orders/orders.hpp"
#include "plugins/intune/service/examination.hpp"
#include "plugins/intune/service/service_settings.hpp"
#include "plugins/intune/service/tenant_client.hpp"

namespace certspan::intune {

inline constexpr auto kRevocationOrdersSchema = connector::join_texts(
    R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "required": ["tenant", "client_id"],
  "x-certspan-labels": ["revokes", "serial", "intune_order"],
  "x-certspan-alone": "tenant",
  "description": "Fetches from Microsoft Intune what is to be revoked, and tells it what came of each order.",
  "properties": {
    )json",
    kServiceSchema, pkcs11::kSettingSchema, kServiceSchemaAfterKey, R"json(,
    "every": {
      "type": "string", "x-certspan-duration": true, "minimum": 1000, "maximum": 86400000, "default": "61m",
      "description": "How often orders are fetched. Intune hands out none for an hour after each time."
    }
  }
})json");

inline constexpr sdk::ActionSpec kRevocationOrdersActions[] = {
    {pkcs11::kStatusAction, "says who vouches for the app, and when that ends", CERTSPAN_PERSON_VIEWER, 0,
     pkcs11::kStatusArguments},
    kExamine};

/// Microsoft's API for revocation by CAs of third parties. An order is durable before the next call to
/// Intune; one that could not be kept comes again, since nothing was said of it.
class RevocationOrders final : public sdk::Source, public sdk::Deliverer, public sdk::Actions {
 public:
  static constexpr const char* kName = "revocation_orders";
  static constexpr const char* kSummary =
      "Fetches from Microsoft Intune what is to be revoked, and tells it what came of each order.";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  static constexpr const char* kSettingsSchema = kRevocationOrdersSchema.data();
  static constexpr auto& kActions = kRevocationOrdersActions;

  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  RevocationOrders(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  void stop() override;
  bool open_intake(sdk::Faults& /*faults*/) override { return true; }
  sdk::Answer gather(std::chrono::steady_clock::time_point deadline) override;
  sdk::Answer deliver(const sdk::Item& item, const sdk::Delivery& delivery) override;
  std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                        sdk::Faults& faults) override;

 private:
  Got<std::vector<RevocationOrder>> fetch(std::chrono::steady_clock::time_point deadline,
                                          std::string& activity);
  sdk::Outcome keep(const RevocationOrder& order, const std::string& activity) const;

  sdk::Host host_;
  std::string name_;
  TenantClient client_;
  std::chrono::milliseconds every_{0};
};

}  // namespace certspan::intune
