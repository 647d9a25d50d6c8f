// The connector type `renewal`: lets a request through because a certificate of ours vouches for it.
#pragma once

#include <string_view>

#include <certspan/connector.hpp>

#include "plugins/ndes/renewal/renewal_counter.hpp"
#include "plugins/ndes/renewal/renewal_rules.hpp"

namespace certspan::scep {

struct RenewalSettings {
  static RenewalSettings read(std::string_view json);

  RenewalRules rules;
  std::int64_t max_renewals = 0;
};

// For pipelines with `when: { message: renewal }` and no device-management validator: the old certificate
// must be good at its CA now, and the new one may differ from it in nothing but key and validity.
class Renewal final : public sdk::Validator {
 public:
  static constexpr const char* kName = "renewal";
  static constexpr const char* kSummary =
      "Lets a device renew its own certificate with the old one as proof.";
  static constexpr const char* kSettingsSchema = R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "description": "Lets a device renew its own certificate with the old one as proof.",
  "properties": {
    "window": {
      "type": "string",
      "x-certspan-duration": true,
      "minimum": 1000,
      "description": "How long before its end a certificate may be renewed. Absent: the last 30 % of its lifetime."
    },
    "any_time": {
      "type": "boolean",
      "default": false,
      "description": "Renewal is allowed from the first day on."
    },
    "allow_same_key": {
      "type": "boolean",
      "default": false,
      "description": "The new certificate may be for the old key; certmonger's default renewal needs it."
    },
    "max_renewals": {
      "type": "integer",
      "minimum": 1,
      "maximum": 1000000,
      "default": 10,
      "description": "How many renewals may descend from one enrolment before the device must enrol anew."
    }
  }
})json";
  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  Renewal(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  sdk::Answer validate(const sdk::Item& item) override;

 private:
  // Ok, or why the CA does not stand behind this certificate now.
  sdk::Answer ask_issuer(const sdk::Item& item, const pki::Certificate& old) const;
  sdk::Answer count(const sdk::Item& item, const pki::Certificate& old,
                    const pki::CertificateRequest& request, std::int64_t now) const;

  sdk::Host host_;
  RenewalSettings settings_;
  RenewalCounter counter_;
};

}  // namespace certspan::scep
