#include <certspan/plugin.hpp>

#include "tests/support/example_ca/example_ca.hpp"

namespace {

namespace sdk = certspan::sdk;

/// The example CA for all but `lookup`, which many CAs do not have. Keeps nothing between calls.
class CaWithoutLookup final : public sdk::Issuer {
 public:
  static constexpr const char* kName = "example_ca_without_lookup";
  static constexpr const char* kSummary = "The example CA, which can't be asked what came of an order.";
  static constexpr const char* kSettingsSchema = example_ca::ExampleCa::kSchema;
  static constexpr std::uint32_t kFlags = example_ca::ExampleCa::kFlags;

  static bool validate_settings(std::string_view settings, sdk::Faults& faults) {
    return example_ca::ExampleCa::validate_settings(settings, faults);
  }

  CaWithoutLookup(sdk::Host host, std::string_view name, std::string_view settings)
      : ca_(host, name, settings) {}

  sdk::Answer issue(const sdk::Item& item) override { return ca_.issue(item); }
  sdk::Answer poll(const sdk::Item& item) override { return ca_.poll(item); }
  sdk::Outcome chain(sdk::ChainSink& chain) override { return ca_.chain(chain); }
  sdk::Outcome ping(sdk::Faults& faults) override { return ca_.ping(faults); }

 private:
  example_ca::ExampleCa ca_;
};

}  // namespace

CERTSPAN_PLUGIN(CaWithoutLookup)
