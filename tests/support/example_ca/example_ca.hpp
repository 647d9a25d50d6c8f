// An example of a CA plugin: every order goes to a CA outside, as one line of JSON over TCP.
//
// What matters here for a plugin of one's own: what is *certain* after each way in which a call can end. A
// refused connection is `unavailable` (certainly not done, the host may ask the next CA); a connection that
// breaks after the order was sent is `unknown` (the host asks `lookup`, and nobody else).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <certspan/plugin.hpp>
#include <nlohmann/json_fwd.hpp>

#include "ca_connection.hpp"

namespace example_ca {

struct Settings {
  Address address;
  std::chrono::milliseconds answer_after{0};  ///< how long the CA lets an order wait; 0: answers at once
  std::chrono::milliseconds timeout{5000};    ///< of one exchange

  /// From JSON that fits the schema. Throws certspan::sdk::SettingsFault.
  static Settings read(std::string_view text);
};

/// Keeps nothing between calls, so any number of calls may run at once.
class ExampleCa final : public certspan::sdk::Issuer {
 public:
  static constexpr const char* kName = "example_ca";
  static constexpr const char* kSummary = "Orders certificates from a CA that speaks JSON lines over TCP.";
  static const char kSchema[];
  static constexpr const char* kSettingsSchema = kSchema;
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;

  static bool validate_settings(std::string_view settings, certspan::sdk::Faults& faults);

  ExampleCa(certspan::sdk::Host host, std::string_view name, std::string_view settings);

  certspan::sdk::Answer issue(const certspan::sdk::Item& item) override;
  certspan::sdk::Answer poll(const certspan::sdk::Item& item) override;
  certspan::sdk::Answer lookup(const certspan::sdk::Item& item) override;
  certspan::sdk::Outcome chain(certspan::sdk::ChainSink& chain) override;
  certspan::sdk::Outcome ping(certspan::sdk::Faults& faults) override;

 private:
  /// Asks by `item_deadline` or the settings' time-out, whichever comes first.
  [[nodiscard]] Exchange ask_ca(const nlohmann::json& question,
                                std::chrono::steady_clock::time_point item_deadline) const;

  certspan::sdk::Host host_;
  Settings settings_;
};

}  // namespace example_ca
