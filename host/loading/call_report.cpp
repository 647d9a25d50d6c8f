#include "host/loading/call_report.hpp"

#include <utility>

#include "host/loading/abi_limits.hpp"
#include "host/loading/abi_text.hpp"

namespace certspan {

std::string CallReport::text() const {
  std::string text;
  for (const SettingsFault& fault : faults) {
    if (!text.empty()) text += "; ";
    if (!fault.pointer.empty()) text += fault.pointer + ": ";
    text += fault.message;
  }
  return text;
}

CallReport refused(Outcome outcome, std::string message) {
  return CallReport{outcome, {SettingsFault{"", std::move(message)}}};
}

FaultCollector::FaultCollector() {
  sink_.struct_size = sizeof(sink_);
  sink_.context = this;
  sink_.add = &on_add;
}

CallReport FaultCollector::take(certspan_outcome outcome, const std::string& call) {
  CallReport report{outcome_from_abi(outcome), std::move(faults_)};
  if (report.ok() && !report.faults.empty()) report.outcome = Outcome::Invalid;
  if (!report.ok() && report.faults.empty()) {
    report.faults.push_back({"", "the plugin's " + call + " answered \"" +
                                     std::string(to_string(report.outcome)) +
                                     "\" without saying why; look into its log or ask its vendor"});
  }
  return report;
}

void FaultCollector::on_add(void* context, certspan_string_view pointer,
                            certspan_string_view message) noexcept {
  auto& self = *static_cast<FaultCollector*>(context);
  if (self.faults_.size() >= abi_limit::kFaults) return;
  self.faults_.push_back({clean_text(from_abi(pointer), abi_limit::kMessage),
                          clean_text(from_abi(message), abi_limit::kMessage)});
}

}  // namespace certspan
