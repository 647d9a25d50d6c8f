#include "host/loading/worker/plugin_runner.hpp"

#include <cstdlib>
#include <string>

#include "host/loading/answer.hpp"
#include "host/loading/call_report.hpp"
#include "host/loading/connector_sinks.hpp"
#include "host/loading/interfaces.hpp"
#include "host/loading/worker/call_frames.hpp"
#include "host/loading/worker/protocol.hpp"
#include "host/loading/worker/transfer.hpp"

namespace certspan::worker {
namespace {

/// The plugin sees an exchange and hands it back; which one it is the host knows.
certspan_http_exchange* the_exchange() {
  static char place = 0;
  return reinterpret_cast<certspan_http_exchange*>(&place);
}

Outcome send_note(BytesView note) {
  FrameWriter question(FrameKind::Ask, static_cast<std::uint8_t>(Service::Note));
  question.bytes(note);
  WipedBytes octets;
  if (!HostLine::ask(question, octets)) return Outcome::Unavailable;
  FrameReader reply(octets.view());
  const auto outcome = reply.number<certspan_outcome>();
  return reply.complete() ? outcome_from_abi(outcome) : Outcome::Internal;
}

void write(FrameWriter& done, const Answer& verdict) {
  std::vector<certspan_label> labels;
  for (const auto& [name, value] : verdict.labels) labels.push_back({to_abi(name), to_abi(value)});
  certspan_answer answer{};
  answer.outcome = static_cast<certspan_outcome>(verdict.outcome);
  answer.retry_after_ms = static_cast<std::uint32_t>(verdict.retry_after.count());
  answer.code = to_abi(verdict.code);
  answer.message = to_abi(verdict.message);
  answer.certificate = to_abi(BytesView(verdict.certificate));
  answer.handle = to_abi(BytesView(verdict.handle));
  answer.labels = labels.data();
  answer.label_count = labels.size();
  transfer(done, answer);
}

/// A role's table. The host calls only what the type offers; a worker that is asked for something else ends.
template <typename Table>
const Table& table_of(const certspan_connector_type& type) {
  const auto* table = interface_of<Table>(type);
  if (table == nullptr) std::abort();
  return *table;
}

using ItemCall = void (*)(certspan_instance*, const certspan_item*, const certspan_answer_sink*);

ItemCall item_call(const certspan_connector_type& type, Call call) {
  if (call == Call::Validate) return table_of<certspan_role_validator>(type).validate;
  const auto& issuer = table_of<certspan_role_issuer>(type);
  switch (call) {
    case Call::Issue:
      return issuer.issue;
    case Call::Poll:
      return issuer.poll;
    case Call::Lookup:
      return issuer.lookup;
    default:
      return issuer.cancel;
  }
}

/// What an issuer with local effects has written is void unless all of it is taken, and it is asked again.
bool is_local_issue(const certspan_connector_type& type, Call call) {
  const auto* issuer = call == Call::Issue ? interface_of<certspan_role_issuer>(type) : nullptr;
  return issuer != nullptr && (issuer->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0;
}

HostLine::Writes writes_of(const certspan_connector_type& type, Call call, bool may_presume) {
  switch (call) {
    case Call::Validate:
    case Call::Issue:
    case Call::Poll:
    case Call::Lookup:
    case Call::Cancel:
    case Call::BeforeIssue:
    case Call::AfterIssue:
    case Call::Deliver:
    case Call::Revoke:
      return may_presume && is_local_issue(type, call) ? HostLine::Writes::Presumed : HostLine::Writes::Seen;
    default:
      return HostLine::Writes::Asked;
  }
}

}  // namespace

void PluginRunner::serve(const FrameSocket& slot) {
  WipedBytes octets;
  while (slot.receive(octets, std::chrono::steady_clock::time_point::max()) == Received::Frame) {
    FrameReader call(octets.view());
    FrameWriter done(FrameKind::Done, call.operation());
    if (call.kind() != FrameKind::Call) return;
    facts_.read(call);
    const bool may_presume = call.number<std::uint8_t>() != 0;
    const auto what = static_cast<Call>(call.operation());
    HostLine line(slot, call.ahead(), writes_of(type_, what, may_presume));
    if (!run(call, done) || !line.end(done)) return;
  }
}

bool PluginRunner::run(FrameReader& call, FrameWriter& done) {
  switch (static_cast<Call>(call.operation())) {
    case Call::ValidateConfig:
      validate_config(call, done);
      return true;
    case Call::Create:
      create(call, done);
      return true;
    case Call::Act:
      act(call, done);
      return true;
    default:
      return instance_ != nullptr && lifecycle(call, done);
  }
}

bool PluginRunner::lifecycle(FrameReader& call, FrameWriter& done) {
  FaultWriter faults(done);
  switch (static_cast<Call>(call.operation())) {
    case Call::Start:
      faults.end(type_.start(instance_, faults.sink()));
      break;
    case Call::OpenIntake:
      faults.end(table_of<certspan_role_source>(type_).open_intake(instance_, faults.sink()));
      break;
    case Call::CloseIntake:
      table_of<certspan_role_source>(type_).close_intake(instance_);
      faults.end(CERTSPAN_OK);
      break;
    case Call::Drain:
      faults.end(type_.drain(instance_, call.number<std::uint64_t>()));
      break;
    case Call::Stop:
      type_.stop(instance_);
      faults.end(CERTSPAN_OK);
      break;
    case Call::Destroy:
      type_.destroy(instance_.exchange(nullptr));
      faults.end(CERTSPAN_OK);
      break;
    case Call::Ping:
      faults.end(table_of<certspan_role_issuer>(type_).ping(instance_, faults.sink()));
      break;
    case Call::Handle:
      handle(call);
      break;
    case Call::Reply:
      reply(call);
      break;
    case Call::Gather:
      gather(call, done);
      break;
    case Call::Chain:
      chain(done);
      break;
    case Call::Find:
      find(call, done);
      break;
    case Call::Crl:
      crl(call, done);
      break;
    case Call::NextCa:
      next_ca(done);
      break;
    case Call::Status:
      status(call, done);
      break;
    default:
      ask(call, done);
  }
  return true;
}

void PluginRunner::validate_config(FrameReader& call, FrameWriter& done) const {
  FaultWriter faults(done);
  faults.end(type_.validate_config(to_abi(call.text()), faults.sink()));
}

void PluginRunner::create(FrameReader& call, FrameWriter& done) {
  const std::string_view name = call.text();
  const std::string_view settings = call.text();
  services_.read_offered(call);
  FaultWriter faults(done);
  certspan_instance* made = nullptr;
  const certspan_outcome outcome =
      type_.create(services_.host(), to_abi(name), to_abi(settings), faults.sink(), &made);
  instance_ = made;
  if (outcome == CERTSPAN_OK && made == nullptr) {
    faults.add("the plugin's create answered \"ok\" and made nothing; tell its vendor");
    return faults.end(CERTSPAN_INTERNAL);
  }
  faults.end(outcome);
}

void PluginRunner::act(FrameReader& call, FrameWriter& done) const {
  const std::string name(call.text());
  const std::string_view arguments = call.text();
  FaultWriter faults(done);
  JsonCollector json;
  faults.end(table_of<certspan_actions>(type_).run(instance_, name.c_str(), to_abi(arguments), json.sink(),
                                                   faults.sink()));
  done.text(json.json());
}

void PluginRunner::handle(FrameReader& call) const {
  const auto request = call.sized<certspan_http_request>();
  table_of<certspan_role_source>(type_).handle(instance_, &request, the_exchange());
}

void PluginRunner::reply(FrameReader& call) const {
  const auto reply = call.sized<certspan_reply>();
  const auto context = call.octets();
  table_of<certspan_role_source>(type_).reply(instance_, &reply, context, the_exchange());
}

void PluginRunner::ask(FrameReader& call, FrameWriter& done) const {
  const auto item = call.sized<certspan_item>();
  const NoteFunction note = &send_note;
  AnswerCollector answer(note);
  const auto what = static_cast<Call>(call.operation());
  if (what == Call::BeforeIssue || what == Call::AfterIssue) {
    const auto issued = call.sized<certspan_issued>();
    const auto& processor = table_of<certspan_role_processor>(type_);
    (what == Call::BeforeIssue ? processor.before_issue : processor.after_issue)(instance_, &item, &issued,
                                                                                 answer.sink());
  } else if (what == Call::Deliver) {
    const auto delivery = call.sized<certspan_delivery>();
    table_of<certspan_role_deliverer>(type_).deliver(instance_, &item, &delivery, answer.sink());
  } else if (what == Call::Revoke) {
    const auto revocation = call.sized<certspan_revocation>();
    table_of<certspan_role_revoker>(type_).revoke(instance_, &item, &revocation, answer.sink());
  } else {
    item_call(type_, what)(instance_, &item, answer.sink());
  }
  write(done, answer.take());
}

void PluginRunner::gather(FrameReader& call, FrameWriter& done) const {
  const NoteFunction no_note;
  AnswerCollector answer(no_note);
  table_of<certspan_role_source>(type_).gather(instance_, call.number<std::uint64_t>(), answer.sink());
  write(done, answer.take());
}

void PluginRunner::chain(FrameWriter& done) const {
  ChainWriter chain(done);
  chain.end(table_of<certspan_role_issuer>(type_).chain(instance_, chain.sink()));
}

void PluginRunner::find(FrameReader& call, FrameWriter& done) const {
  const auto request = call.sized<certspan_find_request>();
  FoundWriter found(done);
  found.end(table_of<certspan_role_issuer>(type_).find(instance_, &request, found.sink()));
}

void PluginRunner::crl(FrameReader& call, FrameWriter& done) const {
  const auto request = call.sized<certspan_crl_request>();
  ValueWriter crl(done);
  crl.end(table_of<certspan_role_issuer>(type_).crl(instance_, &request, crl.sink()));
}

void PluginRunner::next_ca(FrameWriter& done) const {
  ValueWriter message(done);
  message.end(table_of<certspan_role_issuer>(type_).next_ca(instance_, message.sink()));
}

void PluginRunner::status(FrameReader& call, FrameWriter& done) const {
  const auto request = call.sized<certspan_status_request>();
  ValueWriter status(done);
  status.end(table_of<certspan_role_issuer>(type_).certificate_status(instance_, &request, status.sink()));
}

}  // namespace certspan::worker
