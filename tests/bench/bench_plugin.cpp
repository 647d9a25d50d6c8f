// A CA that gives back what it is asked with: what is left of a call is the way through the contract.
#include <string_view>

#include <certspan/plugin.hpp>

namespace {

class Echo final : public certspan::sdk::Issuer {
 public:
  static constexpr const char* kName = "echo";
  static constexpr const char* kSummary = "Gives back the request as the certificate.";
  static constexpr const char* kSettingsSchema = R"({"type":"object","additionalProperties":false})";

  Echo(certspan::sdk::Host /*host*/, std::string_view /*name*/, std::string_view /*settings*/) {}

  certspan::sdk::Answer issue(const certspan::sdk::Item& item) override {
    return certspan::sdk::Answer::ok(item.request());
  }

  certspan::sdk::Outcome chain(certspan::sdk::ChainSink& /*chain*/) override {
    return certspan::sdk::Outcome::Ok;
  }
};

}  // namespace

CERTSPAN_PLUGIN(Echo)
