#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include <certspan/plugin.hpp>

namespace {

namespace sdk = certspan::sdk;

/// Crashes, aborts, ends the process, never returns or throws when it is made, as $MOOD says; issues nothing.
class MoodyCa final : public sdk::Issuer {
 public:
  static constexpr const char* kName = "moody_ca";
  static constexpr const char* kSummary = "A CA that does harm when it is made.";
  static constexpr const char* kSettingsSchema = R"({"type": "object", "additionalProperties": false})";

  MoodyCa(sdk::Host /*host*/, std::string_view /*name*/, std::string_view /*settings*/) {
    const char* set = std::getenv("MOOD");
    const std::string_view mood = set == nullptr ? "" : set;
    if (mood == "crash") std::raise(SIGSEGV);
    if (mood == "abort") std::abort();
    if (mood == "exit") std::exit(0);
    if (mood == "throw") throw std::runtime_error("not today");
    for (volatile bool forever = mood == "loop"; forever;) {
    }
  }

  sdk::Answer issue(const sdk::Item& /*item*/) override {
    return sdk::Answer::unavailable("moody.no", "it issues nothing");
  }
  sdk::Outcome chain(sdk::ChainSink& /*chain*/) override { return sdk::Outcome::Unavailable; }
};

}  // namespace

CERTSPAN_PLUGIN(MoodyCa)
