// Actions, run through the contract's table.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/plugins/ca_local/ca_under_test.hpp"

namespace certspan::ca_local::test {

struct ActionResult {
  certspan_outcome outcome = CERTSPAN_INTERNAL;
  nlohmann::json value;
  std::vector<sdk::testing::RecordedFault> faults;

  bool ok() const { return outcome == CERTSPAN_OK; }
  std::string fault() const {
    return faults.empty() ? "" : faults.front().pointer + " " + faults.front().message;
  }
};

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Without an instance: as `certspan init` runs it.
inline ActionResult run_action(const char* name, const nlohmann::json& arguments,
                               certspan_instance* instance = nullptr) {
  const auto* table =
      static_cast<const certspan_actions*>(ca_type().interface_table(CERTSPAN_INTERFACE_ACTIONS));
  sdk::testing::FaultRecorder faults;
  std::string text;
  const certspan_bytes_sink sink = {
      sizeof(certspan_bytes_sink), 0, &text, [](void* context, certspan_bytes_view value) noexcept {
        *static_cast<std::string*>(context) = sdk::text_of(sdk::from_abi(value));
      }};
  ActionResult result;
  result.outcome = table->run(instance, name, sdk::to_abi(arguments.dump()), &sink, faults.sink());
  result.faults = faults.faults();
  if (result.ok()) result.value = nlohmann::json::parse(text);
  return result;
}

}  // namespace certspan::ca_local::test
