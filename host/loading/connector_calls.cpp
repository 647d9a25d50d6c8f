#include <utility>

#include "host/loading/abi_limits.hpp"
#include "host/loading/abi_text.hpp"
#include "host/loading/connector.hpp"
#include "host/loading/connector_sinks.hpp"
#include "host/services/call_scope.hpp"

namespace certspan {
namespace {

std::vector<certspan_bytes_view> views_of(const std::vector<Bytes>& chain) {
  std::vector<certspan_bytes_view> views;
  views.reserve(chain.size());
  for (const Bytes& certificate : chain) views.push_back(to_abi(BytesView(certificate)));
  return views;
}

Answer refusal(Outcome outcome, std::string code, std::string message) {
  Answer answer;
  answer.outcome = outcome;
  answer.code = std::move(code);
  answer.message = std::move(message);
  return answer;
}

/// An issuer's Ok without a certificate would end an item with nothing to give to the device.
Answer with_certificate(Answer answer) {
  if (!answer.ok() || !answer.certificate.empty()) return answer;
  return refusal(Outcome::Internal, "plugin.no_certificate",
                 "the plugin answered \"ok\" without a certificate; tell its vendor");
}

/// "Certainly not done" of an order that left, and of whose answer nobody says that the CA wrote it, is a
/// guess: a proxy's 502 and a broken connection look alike to a plugin that maps status codes. The book of
/// what left is the host's, so its word counts. Only `issue` needs this: `poll` and `lookup` change nothing
/// at the CA, and their "unavailable" says no more than "can't tell yet"; that of `cancel` leaves the order
/// as it stood; a validator is asked again either way.
Answer by_what_left(Answer answer) {
  const CallScope* scope = CallScope::current();
  const bool not_done = answer.outcome == Outcome::Unavailable || answer.outcome == Outcome::Throttled;
  if (!not_done || scope == nullptr || !scope->may_have_been_done()) return answer;
  answer.message =
      "a part of the order left this host and no answer is known to be the CA's own; the plugin said \"" +
      std::string(to_string(answer.outcome)) + "\" (" + answer.code + "): " + answer.message;
  answer.code = "http_out.order_left";
  answer.outcome = Outcome::Unknown;
  return answer;
}

certspan_issued to_abi_issued(const IssuedView& view, const std::vector<certspan_bytes_view>& chain) {
  certspan_issued issued{};
  issued.struct_size = sizeof(issued);
  issued.chain_count = static_cast<std::uint32_t>(chain.size());
  issued.issuer = to_abi(view.issuer);
  issued.certificate = to_abi(view.certificate);
  issued.chain = chain.data();
  return issued;
}

ActionResult run(const certspan_actions* table, certspan_instance* instance, const std::string& name,
                 std::string_view arguments) {
  FaultCollector faults;
  JsonCollector result;
  const certspan_outcome outcome =
      table->run(instance, name.c_str(), to_abi(arguments), result.sink(), faults.sink());
  CallReport report = faults.take(outcome, "action \"" + name + "\"");
  if (report.ok() && result.over_limit()) {
    report = refused(Outcome::Internal, "the action \"" + name + "\" printed more than " +
                                            std::to_string(abi_limit::kActionResult) + " bytes");
  }
  return {std::move(report), std::move(result.json())};
}

const certspan_action* find_action(const certspan_actions* table, std::string_view name) {
  for (std::uint32_t i = 0; table != nullptr && i < table->action_count; ++i) {
    if (table->actions[i]->name == name) return table->actions[i];
  }
  return nullptr;
}

ActionResult no_action(const certspan_connector_type& type, const std::string& name) {
  return {refused(Outcome::Unsupported,
                  "the connector type \"" + std::string(type.name) + "\" has no action \"" + name + "\""),
          {}};
}

}  // namespace

std::vector<const certspan_action*> actions_of(const certspan_connector_type& type) {
  const auto* table = interface_of<certspan_actions>(type);
  if (table == nullptr) return {};
  return {table->actions, table->actions + table->action_count};
}

ActionResult run_offline_action(const certspan_connector_type& type, const std::string& name,
                                std::string_view arguments) {
  const auto* table = interface_of<certspan_actions>(type);
  const certspan_action* action = find_action(table, name);
  if (action == nullptr) return no_action(type, name);
  if ((action->flags & CERTSPAN_ACTION_OFFLINE) == 0) {
    return {refused(Outcome::Unsupported, "the action \"" + name +
                                              "\" needs a running connector; run it on a "
                                              "connector of a running host"),
            {}};
  }
  return run(table, nullptr, name, arguments);
}

bool Connector::begin_action(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  MutexLock lock(action_mutex_);
  while (in_action_) {
    if (!action_ended_.wait_until(lock, deadline) && in_action_) return false;
  }
  return in_action_ = true;
}

void Connector::end_action() {
  const MutexLock lock(action_mutex_);
  in_action_ = false;
  action_ended_.notify_one();
}

ActionResult Connector::run_action(const std::string& name, std::string_view arguments,
                                   std::chrono::milliseconds patience) {
  const auto* table = role<certspan_actions>();
  if (find_action(table, name) == nullptr) return no_action(*type_, name);
  if (!callable()) return {out_of_turn("an action"), {}};
  if (!begin_action(patience)) {
    return {refused(Outcome::Unavailable,
                    "another action of connector \"" + name_ + "\" has not ended yet: try again later"),
            {}};
  }
  ActionResult result = run(table, instance_, name, arguments);
  end_action();
  return result;
}

bool Connector::callable() const {
  const Life life = state();
  return life == Life::Started || life == Life::Open;
}

CallKey Connector::issuer_key() const {
  return has_local_effects() ? CallKey::Item : CallKey::Turn;
}

template <typename Call>
Answer Connector::call(bool offered, std::string_view what, CallKey key, const WorkItem& item,
                       const CallTerms& terms, const NoteFunction& note, const Call& call) {
  if (!offered) {
    return refusal(Outcome::Unsupported, "connector.no_role",
                   "connector \"" + name_ + "\" (" + type_->name + ") does not offer " + std::string(what));
  }
  // Not called is certainly not done, but what an earlier call did nobody can tell now: from `lookup` and
  // `poll` "cancelled" would be a promise.
  if (!callable()) {
    return refusal(what == "issue" ? Outcome::Cancelled : Outcome::Unavailable, "connector.not_started",
                   "connector \"" + name_ + "\" is " + std::string(to_string(state())));
  }
  const AbiItem abi_item(item, terms, key);
  AnswerCollector answer(note);
  call(abi_item.get(), answer.sink());
  return answer.take();
}

bool Connector::asks_person() const {
  const auto* table = role<certspan_role_validator>();
  return table != nullptr && (table->flags & CERTSPAN_VALIDATOR_ASKS_PERSON) != 0;
}

Answer Connector::validate(const WorkItem& item, const CallTerms& terms, const NoteFunction& note) {
  const auto* table = role<certspan_role_validator>();
  return call(table != nullptr, "validate", CallKey::Source, item, terms, note,
              [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                table->validate(instance_, abi, sink);
              });
}

Answer Connector::issue(const WorkItem& item, const CallTerms& terms, const NoteFunction& note) {
  Answer answer = with_certificate(call(issuer() != nullptr, "issue", issuer_key(), item, terms, note,
                                        [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                                          issuer()->issue(instance_, abi, sink);
                                        }));
  answer = by_what_left(std::move(answer));
  if (answer.outcome == Outcome::Pending && answer.handle.empty()) {
    return refusal(Outcome::Internal, "plugin.no_handle",
                   "the plugin answered \"pending\" without a handle to ask by; tell its vendor");
  }
  return answer;
}

Answer Connector::poll(const WorkItem& item, const CallTerms& terms, const NoteFunction& note) {
  return with_certificate(call(has_poll(), "poll", issuer_key(), item, terms, note,
                               [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                                 issuer()->poll(instance_, abi, sink);
                               }));
}

Answer Connector::lookup(const WorkItem& item, const CallTerms& terms, const NoteFunction& note) {
  return with_certificate(call(has_lookup(), "lookup", issuer_key(), item, terms, note,
                               [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                                 issuer()->lookup(instance_, abi, sink);
                               }));
}

Answer Connector::cancel(const WorkItem& item, const CallTerms& terms) {
  return with_certificate(call(has_cancel(), "cancel", issuer_key(), item, terms, {},
                               [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                                 issuer()->cancel(instance_, abi, sink);
                               }));
}

Answer Connector::before_issue(const WorkItem& item, const CallTerms& terms, const IssuedView& issuers) {
  const auto* table = role<certspan_role_processor>();
  const auto chain = views_of(issuers.chain);
  const certspan_issued issued = to_abi_issued(issuers, chain);
  return call(table != nullptr, "before_issue", CallKey::Source, item, terms, {},
              [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                table->before_issue(instance_, abi, &issued, sink);
              });
}

Answer Connector::after_issue(const WorkItem& item, const CallTerms& terms, const IssuedView& view) {
  const auto* table = role<certspan_role_processor>();
  const auto chain = views_of(view.chain);
  const certspan_issued issued = to_abi_issued(view, chain);
  return call(table != nullptr, "after_issue", CallKey::Source, item, terms, {},
              [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                table->after_issue(instance_, abi, &issued, sink);
              });
}

Answer Connector::deliver(const WorkItem& item, const CallTerms& terms, const DeliveryView& view) {
  const auto* table = role<certspan_role_deliverer>();
  certspan_delivery delivery{};
  delivery.struct_size = sizeof(delivery);
  delivery.outcome = static_cast<certspan_outcome>(view.outcome);
  delivery.code = to_abi(view.code);
  delivery.message = to_abi(view.message);
  delivery.issuer = to_abi(view.issuer);
  delivery.certificate = to_abi(view.certificate);
  return call(table != nullptr, "deliver", CallKey::Turn, item, terms, {},
              [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                table->deliver(instance_, abi, &delivery, sink);
              });
}

Answer Connector::revoke(const WorkItem& item, const CallTerms& terms, const RevocationView& view) {
  const auto* table = role<certspan_role_revoker>();
  const AbiItem issued(view.issued, terms, issuer_key());
  certspan_revocation revocation{};
  revocation.struct_size = sizeof(revocation);
  revocation.reason = view.reason;
  revocation.at_ms = view.at;
  static constexpr ItemKey kNotOurs{};
  revocation.key = view.issued.id == WorkId{} ? to_abi(BytesView(kNotOurs)) : issued.get()->key;
  revocation.certificate = to_abi(BytesView(view.issued.certificate));
  revocation.labels = issued.get()->labels;
  revocation.label_count = issued.get()->label_count;
  return call(table != nullptr, "revoke", CallKey::Turn, item, terms, {},
              [&](const certspan_item* abi, const certspan_answer_sink* sink) {
                table->revoke(instance_, abi, &revocation, sink);
              });
}

Answer Connector::gather(std::chrono::steady_clock::time_point deadline) {
  if (!gathers() || state() != Life::Open) {
    return refusal(Outcome::Unavailable, "connector.not_started", "connector \"" + name_ + "\" is not open");
  }
  const NoteFunction no_note;
  AnswerCollector answer(no_note);
  const auto until = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch());
  role<certspan_role_source>()->gather(instance_, static_cast<std::uint64_t>(until.count()), answer.sink());
  return answer.take();
}

Result<std::vector<Bytes>> Connector::chain() {
  const std::string who = "connector \"" + name_ + "\"";
  if (issuer() == nullptr) return fail(Outcome::Unsupported, "connector.no_role", who + " is no issuer");
  if (!callable()) {
    return fail(Outcome::Cancelled, "connector.not_started", who + " is " + std::string(to_string(state())));
  }
  ChainCollector collector;
  const Outcome outcome = outcome_from_abi(issuer()->chain(instance_, collector.sink()));
  if (outcome != Outcome::Ok) {
    return fail(outcome, "plugin.chain_failed",
                who + " gives no CA chain (" + std::string(to_string(outcome)) + "); its log says why");
  }
  if (collector.over_limit()) {
    return fail(Outcome::Internal, "plugin.over_limit",
                who + " gave a chain of more than 16 certificates, or an empty or oversized one");
  }
  if (collector.chain().empty()) {
    return fail(Outcome::Internal, "plugin.empty_chain", who + " gave an empty CA chain; tell its vendor");
  }
  return std::move(collector.chain());
}

Result<std::optional<FoundCertificate>> Connector::find(BytesView issuer_name, BytesView serial) {
  const std::string who = "connector \"" + name_ + "\"";
  if (!has_find()) return fail(Outcome::Unsupported, "connector.no_role", who + " can't find certificates");
  if (!callable()) {
    return fail(Outcome::Cancelled, "connector.not_started", who + " is " + std::string(to_string(state())));
  }
  certspan_find_request request{};
  request.struct_size = sizeof(request);
  request.issuer = to_abi(issuer_name);
  request.serial = to_abi(serial);
  FindCollector collector;
  const Outcome outcome = outcome_from_abi(issuer()->find(instance_, &request, collector.sink()));
  if (outcome == Outcome::Rejected) return std::optional<FoundCertificate>();
  if (outcome != Outcome::Ok) {
    return fail(outcome, "plugin.find_failed",
                who + " can't tell about a certificate now (" + std::string(to_string(outcome)) + ")");
  }
  if (!collector.complete()) {
    return fail(Outcome::Internal, "plugin.bad_answer",
                who + " said \"found\" and gave no, an oversized or a second certificate; tell its vendor");
  }
  return std::optional<FoundCertificate>(std::move(collector.found()));
}

template <typename Ask>
Result<std::optional<Bytes>> Connector::one_value(bool offered, std::string_view what, std::size_t most,
                                                  const Ask& ask) {
  const std::string who = "connector \"" + name_ + "\"";
  if (!offered) {
    return fail(Outcome::Unsupported, "connector.no_role", who + " does not offer " + std::string(what));
  }
  if (!callable()) {
    return fail(Outcome::Cancelled, "connector.not_started", who + " is " + std::string(to_string(state())));
  }
  ValueCollector value(most);
  const Outcome outcome = outcome_from_abi(ask(value.sink()));
  if (outcome == Outcome::Rejected) return std::optional<Bytes>();
  if (outcome != Outcome::Ok) {
    return fail(outcome, "plugin.no_value",
                who + " gives no " + std::string(what) + " now (" + std::string(to_string(outcome)) + ")");
  }
  if (!value.complete()) {
    return fail(Outcome::Internal, "plugin.bad_answer",
                who + " said \"ok\" and gave no, an oversized or a second " + std::string(what) +
                    "; tell its vendor");
  }
  return std::optional<Bytes>(std::move(value.value()));
}

Result<std::optional<Bytes>> Connector::crl(const CrlWanted& wanted) {
  const certspan_crl_request request = {.struct_size = sizeof(certspan_crl_request),
                                        .flags = wanted.delta ? CERTSPAN_CRL_DELTA : 0U,
                                        .issuer = to_abi(wanted.issuer),
                                        .authority_key_id = to_abi(wanted.authority_key_id),
                                        .partition = wanted.partition,
                                        .partitions = wanted.partitions};
  return one_value(has_crl(), "CRL", abi_limit::kCrl,
                   [&](const certspan_bytes_sink* sink) { return issuer()->crl(instance_, &request, sink); });
}

Result<std::optional<Bytes>> Connector::next_ca() {
  return one_value(has_next_ca(), "next CA", abi_limit::kNextCa,
                   [&](const certspan_bytes_sink* sink) { return issuer()->next_ca(instance_, sink); });
}

Result<std::optional<Bytes>> Connector::status(BytesView cert_id) {
  certspan_status_request request{};
  request.struct_size = sizeof(request);
  request.cert_id = to_abi(cert_id);
  return one_value(has_status(), "certificate status", abi_limit::kStatus,
                   [&](const certspan_bytes_sink* sink) {
                     return issuer()->certificate_status(instance_, &request, sink);
                   });
}

CallReport Connector::ping() {
  if (issuer() == nullptr || issuer()->ping == nullptr) {
    return refused(Outcome::Unsupported, "connector \"" + name_ + "\" has no ping");
  }
  if (!callable()) return out_of_turn("ping");
  FaultCollector faults;
  const certspan_outcome outcome = issuer()->ping(instance_, faults.sink());
  return faults.take(outcome, "ping");
}

bool Connector::handle(const certspan_http_request& request, certspan_http_exchange* exchange) {
  const auto* source = role<certspan_role_source>();
  if (source == nullptr || source->handle == nullptr || state() != Life::Open) return false;
  source->handle(instance_, &request, exchange);
  return true;
}

bool Connector::reply(const ReplyView& view, BytesView context, certspan_http_exchange* exchange) {
  const auto* source = role<certspan_role_source>();
  if (source == nullptr || (!callable() && state() != Life::Draining)) return false;
  const auto chain = views_of(view.chain);
  certspan_reply reply{};
  reply.struct_size = sizeof(reply);
  reply.outcome = static_cast<certspan_outcome>(view.outcome);
  reply.id = to_abi(view.id);
  reply.transaction_id = to_abi(view.transaction_id);
  reply.code = to_abi(view.code);
  reply.certificate = to_abi(view.certificate);
  reply.chain = chain.data();
  reply.chain_count = chain.size();
  source->reply(instance_, &reply, to_abi(context), exchange);
  return true;
}

}  // namespace certspan
