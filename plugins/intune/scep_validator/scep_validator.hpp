// The connector type `scep_validator`: Intune says whether a device may have a certificate, and is told what
// came of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <certspan/actions.hpp>
#include <certspan/connector.hpp>

#include "plugins/common/connector/schema.hpp"
#include "plugins/intune/scep_validator/scep_body.hpp"
#include "plugins/intune/service/examination.hpp"
#include "plugins/intune/service/service_settings.hpp"
#include "plugins/intune/service/tenant_client.hpp"

namespace certspan::intune {

inline constexpr auto kScepValidatorSchema = connector::join_texts(
    R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "required": ["tenant", "client_id"],
  "description": "Lets Microsoft Intune say whether a SCEP challenge may pass, and tells it how requests ended.",
  "properties": {
    )json",
    kServiceSchema, pkcs11::kSettingSchema, kServiceSchemaAfterKey, R"json(
  }
})json");

inline constexpr sdk::ActionSpec kScepValidatorActions[] = {
    {pkcs11::kStatusAction, "says who vouches for the app, and when that ends", CERTSPAN_PERSON_VIEWER, 0,
     pkcs11::kStatusArguments},
    kExamine};

/// Microsoft's API for SCEP with CAs of third parties. Only HTTP 2xx and the word Success is a yes; whatever
/// is unclear asks the device to come again. There is no "pending" in this API. Challenges, tokens and
/// secrets stand in no log, message or label.
class ScepValidator final : public sdk::Validator, public sdk::Deliverer, public sdk::Actions {
 public:
  static constexpr const char* kName = "scep_validator";
  static constexpr const char* kSummary =
      "Lets Microsoft Intune say whether a SCEP challenge may pass, and tells it how requests ended.";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  static constexpr const char* kSettingsSchema = kScepValidatorSchema.data();
  static constexpr auto& kActions = kScepValidatorActions;

  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  ScepValidator(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  void stop() override;
  sdk::Answer validate(const sdk::Item& item) override;
  sdk::Answer deliver(const sdk::Item& item, const sdk::Delivery& delivery) override;
  std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                        sdk::Faults& faults) override;

 private:
  sdk::Answer ask(const sdk::Item& item, std::string_view action, pki::BytesView body, std::string& activity);

  sdk::Host host_;
  TenantClient client_;
};

}  // namespace certspan::intune
