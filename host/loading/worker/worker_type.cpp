#include "host/loading/worker/worker_type.hpp"

#include <array>
#include <mutex>
#include <string_view>
#include <utility>

#include "host/loading/worker/call_frames.hpp"
#include "host/loading/worker/worker_instance.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

constexpr std::size_t kSets = 512;
/// Of a connector's worker, from the start; more calls than these at a time open further ones.
constexpr unsigned kSlots = 8;
/// A worker that only looks at settings, or runs an action without a connector.
constexpr std::chrono::seconds kOnce{30};

WorkerInstance& at(certspan_instance* instance) {
  return *reinterpret_cast<WorkerInstance*>(instance);
}

/// Which WorkerType has which set of functions.
struct Sets {
  std::mutex mutex;
  std::array<const WorkerType*, kSets> holders{};
  std::array<bool, kSets> taken{};
};

Sets& sets() {
  static Sets* const only = new Sets;
  return *only;
}

template <std::size_t kSet>
struct Functions {
  static const WorkerType& own() { return *sets().holders[kSet]; }

  static certspan_outcome validate_config(certspan_string_view settings,
                                          const certspan_fault_sink* faults) noexcept {
    return own().validate_config(settings, faults);
  }
  static certspan_outcome create(const certspan_host* host, certspan_string_view name,
                                 certspan_string_view settings, const certspan_fault_sink* faults,
                                 certspan_instance** instance) noexcept {
    return own().create(host, name, settings, faults, instance);
  }
  static const void* interface_table(const char* id) noexcept { return own().interface_table(id); }
  static certspan_outcome act(certspan_instance* instance, const char* name, certspan_string_view arguments,
                              const certspan_bytes_sink* result, const certspan_fault_sink* faults) noexcept {
    return own().act(instance, name, arguments, result, faults);
  }
};

struct FunctionSet {
  decltype(certspan_connector_type::validate_config) validate_config;
  decltype(certspan_connector_type::create) create;
  decltype(certspan_connector_type::interface_table) interface_table;
  decltype(certspan_actions::run) act;
};

template <std::size_t... kAll>
constexpr std::array<FunctionSet, sizeof...(kAll)> make_sets(std::index_sequence<kAll...>) {
  return {{{&Functions<kAll>::validate_config, &Functions<kAll>::create, &Functions<kAll>::interface_table,
            &Functions<kAll>::act}...}};
}
constexpr auto kFunctionSets = make_sets(std::make_index_sequence<kSets>());

// Functions on a connector need no set: the connector knows all.

certspan_outcome start(certspan_instance* instance, const certspan_fault_sink* faults) noexcept {
  return at(instance).start(faults);
}
certspan_outcome drain(certspan_instance* instance, std::uint64_t deadline_ns) noexcept {
  return at(instance).drain(deadline_ns);
}
void stop(certspan_instance* instance) noexcept {
  at(instance).stop();
}
void destroy(certspan_instance* instance) noexcept {
  const std::unique_ptr<WorkerInstance> last(&at(instance));
  last->destroy();
}
certspan_outcome open_intake(certspan_instance* instance, const certspan_fault_sink* faults) noexcept {
  return at(instance).open_intake(faults);
}
void close_intake(certspan_instance* instance) noexcept {
  at(instance).close_intake();
}
void handle(certspan_instance* instance, const certspan_http_request* request,
            certspan_http_exchange* exchange) noexcept {
  at(instance).handle(request, exchange);
}
void reply(certspan_instance* instance, const certspan_reply* told, certspan_bytes_view context,
           certspan_http_exchange* exchange) noexcept {
  at(instance).reply(told, context, exchange);
}
template <Call kCall>
void ask(certspan_instance* instance, const certspan_item* item, const certspan_answer_sink* sink) noexcept {
  at(instance).ask(kCall, item, sink);
}
template <Call kCall>
void ask_about(certspan_instance* instance, const certspan_item* item, const certspan_issued* issued,
               const certspan_answer_sink* sink) noexcept {
  at(instance).ask_about(kCall, item, issued, sink);
}
void deliver(certspan_instance* instance, const certspan_item* item, const certspan_delivery* delivery,
             const certspan_answer_sink* sink) noexcept {
  at(instance).deliver(item, delivery, sink);
}
void revoke(certspan_instance* instance, const certspan_item* item, const certspan_revocation* revocation,
            const certspan_answer_sink* sink) noexcept {
  at(instance).revoke(item, revocation, sink);
}
void gather(certspan_instance* instance, std::uint64_t deadline_ns,
            const certspan_answer_sink* sink) noexcept {
  at(instance).gather(deadline_ns, sink);
}
certspan_outcome chain(certspan_instance* instance, const certspan_chain_sink* sink) noexcept {
  return at(instance).chain(sink);
}
certspan_outcome find(certspan_instance* instance, const certspan_find_request* request,
                      const certspan_find_sink* sink) noexcept {
  return at(instance).find(request, sink);
}
certspan_outcome crl(certspan_instance* instance, const certspan_crl_request* request,
                     const certspan_bytes_sink* sink) noexcept {
  return at(instance).crl(request, sink);
}
certspan_outcome status(certspan_instance* instance, const certspan_status_request* request,
                        const certspan_bytes_sink* sink) noexcept {
  return at(instance).status(request, sink);
}

certspan_outcome next_ca(certspan_instance* instance, const certspan_bytes_sink* sink) noexcept {
  return at(instance).next_ca(sink);
}
certspan_outcome ping(certspan_instance* instance, const certspan_fault_sink* faults) noexcept {
  return at(instance).ping(faults);
}

/// One call to a worker that has no connector and ends with it. `write` adds the arguments, `read` takes what
/// came back. Unavailable: it could not be started; Unknown: it ended instead of answering.
template <typename Write, typename Read>
certspan_outcome once(const WorkerPlan& plan, Call call, const certspan_fault_sink* faults,
                      const Write& write, const Read& read) {
  const auto complain = [&](std::string_view why) { faults->add(faults->context, {}, to_abi(why)); };
  const auto process = WorkerProcess::start(plan);
  if (!process) {
    complain(process.error().message);
    return CERTSPAN_UNAVAILABLE;
  }
  FrameWriter frame(FrameKind::Call, static_cast<std::uint8_t>(call));
  write_no_facts(frame);
  write(frame);
  const ServiceTables nothing(nullptr);
  LogQuota quota;
  ServiceDesk desk(nothing, quota, nullptr, nullptr);
  const auto slot = (*process)->take_slot();
  WipedBytes done;
  const auto until = std::chrono::steady_clock::now() + kOnce;
  const CallEnd end = *slot ? converse(*slot, frame, {}, desk, until, done) : CallEnd::NotSent;
  if (end == CallEnd::Done) {
    FrameReader result(done.view());
    return read(result);
  }
  (*process)->kill();
  const std::string how = (*process)->reap(until);
  const std::string words = (*process)->printed();
  complain("the plugin's worker process ended instead of answering: " + how +
           (words.empty() ? "" : "; it printed: \"" + words + "\""));
  return CERTSPAN_UNKNOWN;
}

}  // namespace

std::unique_ptr<WorkerType> WorkerType::make(const TypeDescription& description, std::filesystem::path image,
                                             WorkerGrants grants) {
  Sets& all = sets();
  std::size_t set = 0;
  {
    const std::lock_guard lock(all.mutex);
    while (set < kSets && all.taken[set]) ++set;
    if (set == kSets) return nullptr;
    all.taken[set] = true;
  }
  return std::unique_ptr<WorkerType>(new WorkerType(description, std::move(image), std::move(grants), set));
}

WorkerType::WorkerType(const TypeDescription& description, std::filesystem::path image, WorkerGrants grants,
                       std::size_t set)
    : description_(description),
      plan_{worker_program(), std::move(image), description.name, std::move(grants.files), grants.network, 1},
      set_(set) {
  sets().holders[set] = this;
  const FunctionSet& functions = kFunctionSets[set];
  type_.struct_size = sizeof(type_);
  type_.flags = description_.flags;
  type_.name = description_.name.c_str();
  type_.summary = description_.summary.c_str();
  type_.settings_schema = description_.settings_schema.c_str();
  type_.validate_config = functions.validate_config;
  type_.create = functions.create;
  type_.start = &worker::start;
  if (description_.drains) type_.drain = &worker::drain;
  type_.stop = &worker::stop;
  type_.destroy = &worker::destroy;
  type_.interface_table = functions.interface_table;
  offer_roles();
  offer_actions();
}

WorkerType::~WorkerType() {
  const std::lock_guard lock(sets().mutex);
  sets().holders[set_] = nullptr;
  sets().taken[set_] = false;
}

void WorkerType::offer_roles() {
  source_ = {sizeof(source_),
             description_.source_flags,
             &worker::open_intake,
             &worker::close_intake,
             description_.handles_http ? &worker::handle : nullptr,
             &worker::reply,
             description_.gathers ? &worker::gather : nullptr};
  validator_ = {sizeof(validator_), description_.validator_flags, &ask<Call::Validate>};
  processor_ = {sizeof(processor_), 0, &ask_about<Call::BeforeIssue>, &ask_about<Call::AfterIssue>};
  revoker_ = {sizeof(revoker_), 0, &worker::revoke};
  deliverer_ = {sizeof(deliverer_), 0, &worker::deliver};
  if (!description_.issuer) return;
  const IssuerDescription& has = *description_.issuer;
  issuer_.struct_size = sizeof(issuer_);
  issuer_.flags = has.flags;
  issuer_.issue = &ask<Call::Issue>;
  issuer_.chain = &worker::chain;
  if (has.poll) issuer_.poll = &ask<Call::Poll>;
  if (has.lookup) issuer_.lookup = &ask<Call::Lookup>;
  if (has.find) issuer_.find = &worker::find;
  if (has.ping) issuer_.ping = &worker::ping;
  if (has.cancel) issuer_.cancel = &ask<Call::Cancel>;
  if (has.crl) issuer_.crl = &worker::crl;
  if (has.next_ca) issuer_.next_ca = &worker::next_ca;
  if (has.status) issuer_.certificate_status = &worker::status;
}

void WorkerType::offer_actions() {
  if (!description_.actions) return;
  for (const ActionDescription& action : *description_.actions) {
    action_list_.push_back({sizeof(certspan_action), action.flags, action.name.c_str(),
                            action.summary.c_str(), action.person, 0, action.argument_schema.c_str()});
  }
  for (const certspan_action& action : action_list_) action_pointers_.push_back(&action);
  actions_ = {sizeof(actions_), static_cast<std::uint32_t>(action_pointers_.size()), action_pointers_.data(),
              kFunctionSets[set_].act};
}

const void* WorkerType::interface_table(const char* id) const {
  const std::string_view asked = id == nullptr ? "" : id;
  if (asked == CERTSPAN_ROLE_SOURCE && description_.source) return &source_;
  if (asked == CERTSPAN_ROLE_VALIDATOR && description_.validator) return &validator_;
  if (asked == CERTSPAN_ROLE_PROCESSOR && description_.processor) return &processor_;
  if (asked == CERTSPAN_ROLE_ISSUER && description_.issuer) return &issuer_;
  if (asked == CERTSPAN_ROLE_REVOKER && description_.revoker) return &revoker_;
  if (asked == CERTSPAN_ROLE_DELIVERER && description_.deliverer) return &deliverer_;
  if (asked == CERTSPAN_INTERFACE_ACTIONS && description_.actions) return &actions_;
  return nullptr;
}

certspan_outcome WorkerType::validate_config(certspan_string_view settings,
                                             const certspan_fault_sink* faults) const {
  return once(
      plan_, Call::ValidateConfig, faults, [&](FrameWriter& call) { call.view(settings); },
      [&](FrameReader& result) { return read_report(result, faults); });
}

certspan_outcome WorkerType::create(const certspan_host* host, certspan_string_view name,
                                    certspan_string_view settings, const certspan_fault_sink* faults,
                                    certspan_instance** instance) const {
  WorkerPlan plan = plan_;
  plan.slots = kSlots;
  auto made = std::make_unique<WorkerInstance>(std::move(plan), host, std::string(from_abi(name)),
                                               std::string(from_abi(settings)));
  const certspan_outcome outcome = made->create(faults);
  if (outcome == CERTSPAN_OK) *instance = reinterpret_cast<certspan_instance*>(made.release());
  return outcome;
}

certspan_outcome WorkerType::act(certspan_instance* instance, const char* name,
                                 certspan_string_view arguments, const certspan_bytes_sink* result,
                                 const certspan_fault_sink* faults) const {
  if (instance != nullptr) return at(instance).act(name, arguments, result, faults);
  return once(
      plan_, Call::Act, faults,
      [&](FrameWriter& call) {
        call.text(name);
        call.view(arguments);
      },
      [&](FrameReader& told) { return read_action(told, result, faults); });
}

bool WorkerType::has_failed(const certspan_instance* instance) {
  return reinterpret_cast<const WorkerInstance*>(instance)->has_failed();
}

std::string WorkerType::standing(const certspan_instance* instance) {
  return reinterpret_cast<const WorkerInstance*>(instance)->standing();
}

}  // namespace certspan::worker
