#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include <certspan/plugin.hpp>

namespace {

namespace sdk = certspan::sdk;

/// The last digit of the version says what is wrong with this update of the embedded CA; a copy of the file
/// with another digit (tests/support/plugin_versions.py) has another fault.
char fault() {
  static constexpr std::string_view kVersion = CERTSPAN_PLUGIN_VERSION;
  return *static_cast<const volatile char*>(&kVersion.back());
}

/// Takes the settings of plugin ca_local and issues nothing.
class BadUpdate final : public sdk::Issuer {
 public:
  static constexpr const char* kName = "ca";
  static constexpr const char* kSummary = "An update of the embedded CA that went wrong.";
  static constexpr std::uint32_t kIssuerFlags = CERTSPAN_ISSUER_LOCAL_EFFECTS | CERTSPAN_ISSUER_IDEMPOTENT;
  static constexpr const char* kSettingsSchema = R"({"type": "object", "properties": {
      "certificate_file": {"type": "string", "description": "PEM", "x-certspan-path": true},
      "key": {"type": "string", "description": "PEM", "x-certspan-secret": true}}})";

  BadUpdate(sdk::Host /*host*/, std::string_view /*name*/, std::string_view /*settings*/) {
    if (fault() == '3') std::abort();
  }

  bool start(sdk::Faults& faults) override {
    if (fault() == '4') never_come_back();
    started_ = true;
    if (fault() == '2') faults.add("/key", "this version wants another kind of key");
    return fault() != '2';
  }

  sdk::Answer issue(const sdk::Item& /*item*/) override {
    if (fault() == '1') std::abort();
    throw std::runtime_error("a table is missing");
  }
  sdk::Answer lookup(const sdk::Item& /*item*/) override {
    return sdk::Answer::unavailable("ca.bug", "a table is missing");
  }
  sdk::Outcome chain(sdk::ChainSink& /*chain*/) override { return sdk::Outcome::Unavailable; }
  void stop() override {
    if (fault() == '5' && started_) never_come_back();
  }

 private:
  [[noreturn]] static void never_come_back() {
    for (;;) ::pause();
  }

  bool started_ = false;
};

}  // namespace

CERTSPAN_PLUGIN(BadUpdate)
