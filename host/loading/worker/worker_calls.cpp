// How each call crosses over to the worker.
#include <utility>

#include "host/loading/abi_text.hpp"
#include "host/loading/interfaces.hpp"
#include "host/loading/worker/call_frames.hpp"
#include "host/loading/worker/transfer.hpp"
#include "host/loading/worker/worker_instance.hpp"

namespace certspan::worker {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// Beyond a deadline, before the worker is killed.
constexpr seconds kGrace{5};
/// For calls that have no deadline of their own.
constexpr seconds kQuestion{30};
constexpr seconds kExchange{60};
constexpr std::chrono::minutes kAction{10};
/// For questions about how a connector stands, which people wait for.
constexpr seconds kHowItStands{5};
constexpr const char* kNoAnswer = "the plugin does not answer; its worker process runs";

steady_clock::time_point in(steady_clock::duration time) {
  return steady_clock::now() + time;
}

/// CLOCK_MONOTONIC is the same clock on both sides.
steady_clock::time_point with_grace(std::uint64_t deadline_ns) {
  if (deadline_ns == 0) return in(kExchange);
  return steady_clock::time_point(std::chrono::nanoseconds(static_cast<std::int64_t>(deadline_ns))) + kGrace;
}

const char* words_for(CallEnd end) {
  switch (end) {
    case CallEnd::NotSent:
      return "the plugin's worker process is not there; it is started again by itself, see `certspan status`";
    case CallEnd::Late:
      return "the plugin did not return in time and its worker process was killed";
    case CallEnd::Unkept:
      return "a record that the plugin had read in this call was changed by another call before it was "
             "written";
    default:
      return "the plugin's worker process ended in the middle of the call; the log says how";
  }
}

const char* code_for(CallEnd end) {
  switch (end) {
    case CallEnd::NotSent:
      return "worker.down";
    case CallEnd::Late:
      return "worker.hung";
    case CallEnd::Unkept:
      return "worker.outrun";
    default:
      return "worker.died";
  }
}

certspan_outcome outcome_for(CallEnd end) {
  return end == CallEnd::NotSent ? CERTSPAN_UNAVAILABLE : CERTSPAN_UNKNOWN;
}

void give(const certspan_answer_sink* sink, certspan_outcome outcome, std::string_view code,
          std::string_view message) {
  certspan_answer answer{};
  answer.struct_size = sizeof(answer);
  answer.outcome = outcome;
  answer.code = to_abi(code);
  answer.message = to_abi(message);
  sink->answer(sink->context, &answer);
}

void add_fault(const certspan_fault_sink* faults, std::string_view message) {
  if (faults != nullptr) faults->add(faults->context, certspan_string_view{}, to_abi(message));
}

constexpr std::string_view kBadFrame = "the plugin's worker process said something that nobody understands";

}  // namespace

FrameWriter WorkerInstance::begin(Call call) const {
  FrameWriter frame(FrameKind::Call, static_cast<std::uint8_t>(call));
  void* context = tables_.host->context;
  frame.number(tables_.clock == nullptr ? std::uint64_t{0} : tables_.clock->monotonic_ns(context));
  frame.number(tables_.clock == nullptr ? std::int64_t{0} : tables_.clock->wall_ms(context));
  std::uint8_t levels = 0;
  for (std::int32_t level = CERTSPAN_LOG_DEBUG; tables_.log != nullptr && level <= CERTSPAN_LOG_ERROR;
       ++level) {
    if (tables_.log->enabled(context, level) != 0) levels = static_cast<std::uint8_t>(levels | 1U << level);
  }
  frame.number(levels);
  frame.number(static_cast<std::uint8_t>(presumes_ ? 1 : 0));
  return frame;
}

FrameWriter WorkerInstance::creation() const {
  FrameWriter frame = begin(Call::Create);
  frame.text(name_);
  frame.text(settings_);
  for (const void* table :
       {static_cast<const void*>(tables_.log), static_cast<const void*>(tables_.clock),
        static_cast<const void*>(tables_.secrets), static_cast<const void*>(tables_.store),
        static_cast<const void*>(tables_.http_in), static_cast<const void*>(tables_.http_out),
        static_cast<const void*>(tables_.submit), static_cast<const void*>(tables_.issuers)}) {
    frame.number(static_cast<std::uint8_t>(table != nullptr ? 1 : 0));
  }
  return frame;
}

CallEnd WorkerInstance::cross(WorkerProcess& process, const FrameWriter& call, const Terms& terms,
                              WipedBytes& done) {
  auto slot = process.take_slot();
  if (!*slot) return CallEnd::NotSent;
  ServiceDesk desk(tables_, quota_, terms.answer, terms.exchange);
  const CallEnd end = converse(*slot, call, terms.item, desk, terms.deadline, done);
  // Its thread finds the slot gone, should it come back.
  if (end == CallEnd::Late && terms.is_question) return end;
  if (end != CallEnd::Done) {
    // Late: it holds the call still. Lost: it broke the rules, if it lives. A new one is sound.
    process.kill();
    return end;
  }
  process.give_back(std::move(slot));
  if (desk.broke_promise()) {
    presumes_ = false;
    return CallEnd::Unkept;
  }
  desk.finish();
  return end;
}

CallEnd WorkerInstance::cross(const FrameWriter& call, const Terms& terms, WipedBytes& done) {
  const auto process = running();
  return process ? cross(*process, call, terms, done) : CallEnd::NotSent;
}

certspan_outcome WorkerInstance::report(const FrameWriter& call, const Terms& terms,
                                        const certspan_fault_sink* faults) {
  WipedBytes done;
  const CallEnd end = cross(call, terms, done);
  if (end == CallEnd::Done) {
    FrameReader frame(done.view());
    return read_report(frame, faults);
  }
  add_fault(faults, terms.is_question && end == CallEnd::Late ? kNoAnswer : words_for(end));
  return outcome_for(end);
}

certspan_outcome WorkerInstance::report(const FrameWriter& call, const certspan_fault_sink* faults) {
  return report(call, {in(kLifecycle)}, faults);
}

certspan_outcome WorkerInstance::create(const certspan_fault_sink* faults) {
  std::shared_ptr<WorkerProcess> process;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return starting_ || failed_; });
    process = starting_;
  }
  if (!process) {
    add_fault(faults, why_none_);
    return CERTSPAN_UNAVAILABLE;
  }
  WipedBytes done;
  const CallEnd end = cross(*process, creation(), {in(kLifecycle)}, done);
  if (end != CallEnd::Done) {
    add_fault(faults, end == CallEnd::Lost ? why_not_made() : words_for(end));
    return outcome_for(end);
  }
  FrameReader frame(done.view());
  const certspan_outcome outcome = read_report(frame, faults);
  if (outcome != CERTSPAN_OK) return outcome;
  const std::lock_guard lock(mutex_);
  created_ = true;
  running_ = std::move(process);
  return outcome;
}

/// What the supervisor finds out about a worker that ended before there was a connector.
std::string WorkerInstance::why_not_made() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failed_; });
  return why_none_ + ", while it was made";
}

certspan_outcome WorkerInstance::start(const certspan_fault_sink* faults) {
  const certspan_outcome outcome = report(begin(Call::Start), faults);
  const std::lock_guard lock(mutex_);
  if (outcome == CERTSPAN_OK) stage_ = Stage::Started;
  return outcome;
}

certspan_outcome WorkerInstance::open_intake(const certspan_fault_sink* faults) {
  const certspan_outcome outcome = report(begin(Call::OpenIntake), faults);
  const std::lock_guard lock(mutex_);
  if (outcome == CERTSPAN_OK) stage_ = Stage::Open;
  return outcome;
}

void WorkerInstance::close_intake() {
  {
    const std::lock_guard lock(mutex_);
    if (stage_ == Stage::Open) stage_ = Stage::Started;
  }
  static_cast<void>(report(begin(Call::CloseIntake), nullptr));
}

certspan_outcome WorkerInstance::drain(std::uint64_t deadline_ns) {
  FrameWriter call = begin(Call::Drain);
  call.number(deadline_ns);
  WipedBytes done;
  const CallEnd end = cross(call, {with_grace(deadline_ns)}, done);
  FrameReader frame(done.view());
  return end == CallEnd::Done ? read_report(frame, nullptr) : outcome_for(end);
}

void WorkerInstance::stop() {
  static_cast<void>(report(begin(Call::Stop), nullptr));
  const std::lock_guard lock(mutex_);
  ending_ = true;  // the worker may end from now on
}

void WorkerInstance::destroy() {
  static_cast<void>(report(begin(Call::Destroy), nullptr));
}

void WorkerInstance::ask(Call call, const certspan_item* item, const certspan_answer_sink* sink) {
  FrameWriter question = begin(call);
  transfer(question, *item);
  put(question, item, sink);
}

void WorkerInstance::ask_about(Call call, const certspan_item* item, const certspan_issued* issued,
                               const certspan_answer_sink* sink) {
  FrameWriter question = begin(call);
  transfer(question, *item);
  transfer(question, *issued);
  put(question, item, sink);
}

void WorkerInstance::deliver(const certspan_item* item, const certspan_delivery* delivery,
                             const certspan_answer_sink* sink) {
  FrameWriter question = begin(Call::Deliver);
  transfer(question, *item);
  transfer(question, *delivery);
  put(question, item, sink);
}

void WorkerInstance::revoke(const certspan_item* item, const certspan_revocation* revocation,
                            const certspan_answer_sink* sink) {
  FrameWriter question = begin(Call::Revoke);
  transfer(question, *item);
  transfer(question, *revocation);
  put(question, item, sink);
}

void WorkerInstance::gather(std::uint64_t deadline_ns, const certspan_answer_sink* sink) {
  FrameWriter question = begin(Call::Gather);
  question.number(deadline_ns);
  put(question, {with_grace(deadline_ns)}, sink);
}

/// Has the worker answer a question about `item`.
void WorkerInstance::put(const FrameWriter& question, const certspan_item* item,
                         const certspan_answer_sink* sink) {
  put(question, {with_grace(item->deadline_ns), sink, nullptr, {from_abi(item->key), &foresight_}}, sink);
}

void WorkerInstance::put(const FrameWriter& question, const Terms& terms, const certspan_answer_sink* sink) {
  WipedBytes done;
  const CallEnd end = cross(question, terms, done);
  if (end != CallEnd::Done) return give(sink, outcome_for(end), code_for(end), words_for(end));
  FrameReader frame(done.view());
  const auto answer = frame.sized<certspan_answer>();
  if (!frame.complete()) return give(sink, CERTSPAN_INTERNAL, "plugin.bad_answer", kBadFrame);
  sink->answer(sink->context, &answer);
}

void WorkerInstance::handle(const certspan_http_request* request, certspan_http_exchange* exchange) {
  FrameWriter call = begin(Call::Handle);
  transfer(call, *request);
  WipedBytes done;
  // What nobody answers gets 503, and the client comes again.
  static_cast<void>(cross(call, {in(kExchange), nullptr, exchange}, done));
}

void WorkerInstance::reply(const certspan_reply* reply, certspan_bytes_view context,
                           certspan_http_exchange* exchange) {
  FrameWriter call = begin(Call::Reply);
  transfer(call, *reply);
  call.view(context);
  WipedBytes done;
  static_cast<void>(cross(call, {in(kExchange), nullptr, exchange}, done));
}

certspan_outcome WorkerInstance::chain(const certspan_chain_sink* sink) {
  WipedBytes done;
  const CallEnd end = cross(begin(Call::Chain), {in(kQuestion)}, done);
  if (end != CallEnd::Done) return CERTSPAN_UNAVAILABLE;
  FrameReader frame(done.view());
  return read_chain(frame, sink);
}

certspan_outcome WorkerInstance::find(const certspan_find_request* request, const certspan_find_sink* sink) {
  FrameWriter call = begin(Call::Find);
  transfer(call, *request);
  WipedBytes done;
  const CallEnd end = cross(call, {in(kQuestion)}, done);
  if (end != CallEnd::Done) return CERTSPAN_UNAVAILABLE;
  FrameReader frame(done.view());
  return read_found(frame, sink);
}

certspan_outcome WorkerInstance::crl(const certspan_crl_request* request, const certspan_bytes_sink* sink) {
  FrameWriter call = begin(Call::Crl);
  transfer(call, *request);
  WipedBytes done;
  const CallEnd end = cross(call, {in(kQuestion)}, done);
  if (end != CallEnd::Done) return CERTSPAN_UNAVAILABLE;
  FrameReader frame(done.view());
  return read_value(frame, sink);
}

certspan_outcome WorkerInstance::status(const certspan_status_request* request,
                                        const certspan_bytes_sink* sink) {
  FrameWriter call = begin(Call::Status);
  transfer(call, *request);
  WipedBytes done;
  const CallEnd end = cross(call, {in(kQuestion)}, done);
  if (end != CallEnd::Done) return CERTSPAN_UNAVAILABLE;
  FrameReader frame(done.view());
  return read_value(frame, sink);
}

certspan_outcome WorkerInstance::next_ca(const certspan_bytes_sink* sink) {
  WipedBytes done;
  const CallEnd end = cross(begin(Call::NextCa), {in(kQuestion)}, done);
  if (end != CallEnd::Done) return CERTSPAN_UNAVAILABLE;
  FrameReader frame(done.view());
  return read_value(frame, sink);
}

certspan_outcome WorkerInstance::ping(const certspan_fault_sink* faults) {
  return report(begin(Call::Ping), {.deadline = in(kHowItStands), .is_question = true}, faults);
}

certspan_outcome WorkerInstance::act(const char* name, certspan_string_view arguments,
                                     const certspan_bytes_sink* result, const certspan_fault_sink* faults) {
  FrameWriter call = begin(Call::Act);
  call.text(name);
  call.view(arguments);
  WipedBytes done;
  const bool is_question = std::string_view(name) == kStatusAction;
  const auto time = is_question ? steady_clock::duration(kHowItStands) : kAction;
  const CallEnd end = cross(call, {.deadline = in(time), .is_question = is_question}, done);
  if (end != CallEnd::Done) {
    add_fault(faults, is_question && end == CallEnd::Late ? kNoAnswer : words_for(end));
    return outcome_for(end);
  }
  FrameReader frame(done.view());
  return read_action(frame, result, faults);
}

}  // namespace certspan::worker
