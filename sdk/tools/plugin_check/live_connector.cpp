#include "sdk/tools/plugin_check/live_connector.hpp"

#include <chrono>

#include "sdk/tools/plugin_check/child.hpp"

namespace certspan::check {
namespace {

constexpr std::chrono::seconds kDrainTime{5};

}  // namespace

void LiveConnector::keep(const sdk::testing::FaultRecorder& recorder) {
  faults_.clear();
  for (const auto& fault : recorder.faults()) {
    if (!faults_.empty()) faults_ += "; ";
    faults_ += (fault.pointer.empty() ? "" : fault.pointer + ": ") + fault.message;
  }
}

certspan_outcome LiveConnector::try_create() {
  enter_phase("create");
  sdk::testing::FaultRecorder recorder;
  const certspan_outcome outcome = type_.create(host_.table(), sdk::to_abi(std::string_view("checked")),
                                                sdk::to_abi(std::string_view(sample_.settings)),
                                                structs_.copy(*recorder.sink()), &instance_);
  keep(recorder);
  if (outcome != CERTSPAN_OK) instance_ = nullptr;
  require(outcome != CERTSPAN_OK || instance_ != nullptr, "create says ok and gives no instance");
  return outcome;
}

certspan_outcome LiveConnector::try_start() {
  enter_phase("start");
  sdk::testing::FaultRecorder recorder;
  const certspan_outcome outcome = type_.start(instance_, structs_.copy(*recorder.sink()));
  keep(recorder);
  return outcome;
}

certspan_outcome LiveConnector::try_drain() {
  if (type_.drain == nullptr) return CERTSPAN_OK;
  enter_phase("drain");
  const auto deadline = (std::chrono::steady_clock::now() + kDrainTime).time_since_epoch();
  return type_.drain(instance_, static_cast<std::uint64_t>(std::chrono::nanoseconds(deadline).count()));
}

void LiveConnector::begin() {
  if (try_create() != CERTSPAN_OK) refused("create");
  if (try_start() != CERTSPAN_OK) refused("start");
  enter_phase("");
}

void LiveConnector::refused(const std::string& call) const {
  const std::string why = call + " refused: " + (faults_.empty() ? "no fault was given" : faults_);
  if (!sample_.made_up) throw CheckFailed(why);
  throw CheckSkipped("with settings made from its schema, " + why +
                     "; write a file of settings (docs/plugin-check.md)");
}

void LiveConnector::stop() {
  enter_phase("stop");
  type_.stop(instance_);
}

void LiveConnector::destroy() {
  enter_phase("destroy");
  type_.destroy(instance_);
  instance_ = nullptr;
}

void LiveConnector::end() {
  try_drain();
  stop();
  destroy();
  enter_phase("");
}

}  // namespace certspan::check
