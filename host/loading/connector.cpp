#include "host/loading/connector.hpp"

#include <utility>

#include "host/loading/abi_limits.hpp"
#include "host/loading/abi_text.hpp"

namespace certspan {

std::string_view to_string(Life life) {
  switch (life) {
    case Life::New:
      return "new";
    case Life::Created:
      return "created";
    case Life::Started:
      return "started";
    case Life::Open:
      return "open";
    case Life::Draining:
      return "draining";
    case Life::Stopped:
      return "stopped";
    case Life::Gone:
      return "gone";
  }
  return "?";
}

CallReport validate_settings(const certspan_connector_type& type, std::string_view settings) {
  if (settings.size() > abi_limit::kSettings) {
    return refused(Outcome::Invalid, "the settings are " + std::to_string(settings.size()) +
                                         " bytes of JSON, at most " + std::to_string(abi_limit::kSettings) +
                                         " are allowed; move what is large to a file");
  }
  FaultCollector faults;
  const certspan_outcome outcome = type.validate_config(to_abi(settings), faults.sink());
  return faults.take(outcome, "validate_config");
}

Connector::Connector(std::string name, std::shared_ptr<const Plugin> plugin,
                     std::shared_ptr<const certspan_connector_type> type)
    : name_(std::move(name)),
      plugin_(std::move(plugin)),
      type_(std::move(type)),
      tables_(interface_of<certspan_role_source>(*type_), interface_of<certspan_role_validator>(*type_),
              interface_of<certspan_role_processor>(*type_), interface_of<certspan_role_issuer>(*type_),
              interface_of<certspan_role_deliverer>(*type_), interface_of<certspan_role_revoker>(*type_),
              interface_of<certspan_actions>(*type_)) {}

Connector::~Connector() {
  destroy();
}

std::string Connector::standing() const {
  if (!plugin_->in_workers()) return "host";
  return instance_ == nullptr ? "process" : worker::WorkerType::standing(instance_);
}

bool Connector::has_failed() const {
  return plugin_->in_workers() && instance_ != nullptr && worker::WorkerType::has_failed(instance_);
}

CallReport Connector::out_of_turn(std::string_view call) const {
  return refused(Outcome::Internal, "connector \"" + name_ + "\" is " + std::string(to_string(state())) +
                                        ", " + std::string(call) + " has no place there");
}

CallReport Connector::create(const certspan_host* host, std::string_view settings) {
  if (state() != Life::New) return out_of_turn("create");
  FaultCollector faults;
  certspan_instance* instance = nullptr;
  const certspan_outcome outcome =
      type_->create(host, to_abi(name_), to_abi(settings), faults.sink(), &instance);
  CallReport report = faults.take(outcome, "create");
  if (instance == nullptr) {
    if (report.ok()) {
      return refused(Outcome::Internal,
                     "the plugin's create answered \"ok\" and made nothing; tell its vendor");
    }
    return report;
  }
  // A plugin that made an instance and then found a fault gets it back to destroy.
  instance_ = instance;
  set(Life::Created);
  if (!report.ok()) destroy();
  return report;
}

CallReport Connector::start() {
  if (state() != Life::Created) return out_of_turn("start");
  FaultCollector faults;
  const certspan_outcome outcome = type_->start(instance_, faults.sink());
  CallReport report = faults.take(outcome, "start");
  if (!report.ok()) {
    stop();
  } else {
    set(Life::Started);
  }
  return report;
}

CallReport Connector::open_intake() {
  if (state() != Life::Started) return out_of_turn("open_intake");
  const auto* source = role<certspan_role_source>();
  if (source == nullptr) return {};
  // Open before the plugin says so: the first request may arrive while it is still registering routes.
  set(Life::Open);
  FaultCollector faults;
  const certspan_outcome outcome = source->open_intake(instance_, faults.sink());
  CallReport report = faults.take(outcome, "open_intake");
  if (!report.ok()) close_intake();
  return report;
}

void Connector::close_intake() {
  if (state() != Life::Open) return;
  set(Life::Started);  // first, so that no further request goes in while the plugin closes
  role<certspan_role_source>()->close_intake(instance_);
}

Outcome Connector::drain(std::chrono::steady_clock::time_point deadline) {
  close_intake();
  if (state() != Life::Started) return Outcome::Ok;
  set(Life::Draining);
  if (type_->drain == nullptr) return Outcome::Ok;
  return outcome_from_abi(type_->drain(instance_, to_abi_ns(deadline)));
}

void Connector::stop() {
  close_intake();
  const Life now = state();
  if (now == Life::New || now == Life::Stopped || now == Life::Gone) return;
  set(Life::Stopped);
  type_->stop(instance_);
}

void Connector::destroy() {
  stop();
  if (state() == Life::Stopped) type_->destroy(std::exchange(instance_, nullptr));
  set(Life::Gone);
}

}  // namespace certspan
