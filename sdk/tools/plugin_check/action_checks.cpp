// Actions: what the command line forwards.
#include <certspan/abi/actions.h>

#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/scene.hpp"
#include "sdk/tools/plugin_check/schema_rules.hpp"

namespace certspan::check {

void check_action_schemas(Run& run) {
  const certspan_connector_type& type = load_type(run.subject.path, run.type);
  const auto* actions =
      static_cast<const certspan_actions*>(type.interface_table(CERTSPAN_INTERFACE_ACTIONS));
  for (std::uint32_t i = 0; i < actions->action_count; ++i) {
    const certspan_action& action = *actions->actions[i];
    for (const std::string& fault : schema_faults(action.argument_schema)) {
      throw CheckFailed("the arguments of action \"" + std::string(action.name) + "\": " + fault);
    }
  }
}

void check_unknown_action(Run& run) {
  const certspan_connector_type& type = load_type(run.subject.path, run.type);
  const auto* actions =
      static_cast<const certspan_actions*>(type.interface_table(CERTSPAN_INTERFACE_ACTIONS));
  for (const char* name : {"", "no_such_action", "challenge_new "}) {
    sdk::testing::FaultRecorder faults;
    std::string printed;
    const certspan_bytes_sink sink = {
        sizeof(certspan_bytes_sink), 0, &printed, [](void* context, certspan_bytes_view value) noexcept {
          *static_cast<std::string*>(context) = sdk::text_of(sdk::from_abi(value));
        }};
    enter_phase("run");
    const certspan_outcome outcome =
        actions->run(nullptr, name, sdk::to_abi(std::string_view("{}")), &sink, faults.sink());
    require(outcome != CERTSPAN_OK,
            "run says ok to the action \"" + std::string(name) + "\", which does not exist");
  }
}

}  // namespace certspan::check
