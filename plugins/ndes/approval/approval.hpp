// The connector type `approval`: a person looks at each request.
#pragma once

#include <chrono>
#include <string_view>

#include <certspan/connector.hpp>

namespace certspan::scep {

// Lets nothing through by itself: a request waits until somebody says `certspan work approve` or `refuse`.
// Its client hears PENDING where the pipeline says so, and polls.
class Approval final : public sdk::Validator {
 public:
  static constexpr const char* kName = "approval";
  static constexpr const char* kSummary = "Lets a person say yes or no to each request.";
  static constexpr std::uint32_t kValidatorFlags = CERTSPAN_VALIDATOR_ASKS_PERSON;
  static constexpr const char* kSettingsSchema = R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "description": "Lets a person say yes or no to each request.",
  "properties": {
    "remind": {
      "type": "string",
      "x-certspan-duration": true,
      "minimum": 60000,
      "maximum": 2592000000,
      "default": "1d",
      "description": "How often the log tells again that a request waits; 1m to 30d."
    }
  }
})json";
  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  Approval(sdk::Host host, std::string_view name, std::string_view settings);

  sdk::Answer validate(const sdk::Item& item) override;

 private:
  std::chrono::milliseconds remind_;
};

}  // namespace certspan::scep
