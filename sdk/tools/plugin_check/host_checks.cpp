// The connector's life on hosts of every kind.
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

/// A host that lacks services may be refused, in words; it may not crash the plugin.
void live_if_it_will(Scene& scene) {
  if (scene.connector.try_create() != CERTSPAN_OK) {
    require(!scene.connector.faults().empty(), "create refuses this host and gives no fault");
    return;
  }
  if (scene.connector.try_start() == CERTSPAN_OK) {
    exercise(scene.connector, scene.sample, scene.random);
  } else {
    require(!scene.connector.faults().empty(), "start refuses this host and gives no fault");
  }
  scene.connector.end();
}

void live_fully(Scene& scene) {
  scene.connector.begin();
  exercise(scene.connector, scene.sample, scene.random);
  scene.connector.end();
}

}  // namespace

void check_full_host(Run& run) {
  Scene scene(run);
  enter_phase("validate_config");
  sdk::testing::FaultRecorder faults;
  const certspan_outcome valid =
      scene.type.validate_config(sdk::to_abi(std::string_view(scene.sample.settings)), faults.sink());
  if (valid != CERTSPAN_OK) {
    std::string why = "validate_config refuses the settings";
    if (!faults.faults().empty())
      why += ": " + faults.faults().front().pointer + ": " + faults.faults().front().message;
    if (scene.sample.made_up) throw CheckSkipped(why + "; write a file of settings (docs/plugin-check.md)");
    throw CheckFailed(why);
  }
  scene.connector.begin();
  scene.connector.end();
}

void check_minimal_host(Run& run) {
  Scene scene(run);
  for (const char* id : {CERTSPAN_SERVICE_HTTP_OUT, CERTSPAN_SERVICE_HTTP_IN, CERTSPAN_SERVICE_SUBMIT,
                         CERTSPAN_SERVICE_ISSUERS}) {
    scene.host.withhold(id);
  }
  live_if_it_will(scene);
}

void check_bare_host(Run& run) {
  Scene scene(run);
  scene.host.withhold_all();
  live_if_it_will(scene);
}

void check_larger_structs(Run& run) {
  Scene scene(run, Shape::Larger);
  live_fully(scene);
}

void check_exact_structs(Run& run) {
  Scene scene(run, Shape::Exact);
  live_fully(scene);
}

}  // namespace certspan::check
