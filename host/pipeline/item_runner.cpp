// An item's steps: validators, the fence, and how an item ends.

#include "host/pipeline/item_runner.hpp"

#include <algorithm>
#include <utility>

#include <certspan/abi/role_processor.h>

#include "host/base/failpoint.hpp"
#include "host/pipeline/current_step.hpp"
#include "host/pipeline/taken_labels.hpp"
#include "host/services/call_scope.hpp"

namespace certspan {
namespace {

constexpr std::chrono::milliseconds kWorthWaiting{5000};

Answer unavailable(std::string_view code, std::string message) {
  Answer answer;
  answer.outcome = Outcome::Unavailable;
  answer.code = code;
  answer.message = std::move(message);
  return answer;
}

Answer yes() {
  Answer answer;
  answer.outcome = Outcome::Ok;
  return answer;
}

Answer no_fence() {
  return unavailable("fence.missing", "the profile plugin is not loaded, and nothing is issued without it");
}

Answer no_chain(const std::string& issuer) {
  return unavailable("issuer.no_chain",
                     "\"" + issuer + "\" gives no CA certificate to compare the one that it issued with");
}

const std::vector<Bytes>& chain_or_none(const IssuerChains::Chain& chain) {
  static const std::vector<Bytes> kNone;
  return chain ? *chain : kNone;
}

}  // namespace

Answer ItemRunner::not_running(const std::string& connector) {
  return unavailable("connector.missing", "connector \"" + connector + "\" is not running");
}

void ItemRunner::start(const OpenItemPtr& open) {
  if (on_own_pool(open)) return post(open, "", [this, open] { step(open); });
  step(open);
}

/// Goes on with the item's current step, on a thread that may call its connector.
void ItemRunner::step(const OpenItemPtr& open) {
  if (delivers(current_step(*open))) return deliver(open, current_step(*open));
  if (out_of_time(open)) {
    return give_up(open, "item.deadline", "the item's deadline has passed; nothing was issued for it");
  }
  const Step step = current_step(*open);
  if (step.kind == StepKind::Issue) return issue(open, step);
  if (step.kind == StepKind::Revoke) return revoke(open, step);
  const bool was_outside = on_own_pool(open);
  if (!validate(open, step)) return;
  ++open->item.step;
  open->item.tries = 0;
  // The next step belongs on another thread only if this one or the next waits for something outside.
  if (was_outside || on_own_pool(open)) return post(open, "", [this, open] { this->step(open); });
  this->step(open);
}

bool ItemRunner::validate(const OpenItemPtr& open, const Step& step) {
  const std::string& name = step.connectors.front();
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(name);
  const Answer answer = connector == nullptr
                            ? not_running(name)
                            : call(open, *connector, "validate", [&](const CallTerms& terms) {
                                return connector->validate(open->item, terms);
                              });
  if (answer.outcome == Outcome::Pending && connector->asks_person()) {
    wait_for_person(open, answer);
    return false;
  }
  if (!checked(open, answer)) return false;
  take_validated_labels(open->item, answer.labels);
  return true;
}

bool ItemRunner::fence_request(const OpenItemPtr& open, Connector& issuer) {
  const auto config = runtime_.config();
  Connector* fence = config->connectors.find(ConnectorSet::kFence);
  if (fence == nullptr) return checked(open, no_fence());
  const auto chain = config->chains.get(issuer);
  const IssuedView issuers{issuer.name(), {}, chain_or_none(chain)};
  const Answer verdict = call(open, *fence, "check_request", [&](const CallTerms& terms) {
    return fence->before_issue(open->item, terms, issuers);
  });
  if (!checked(open, verdict)) return false;
  take_labels(open->item, verdict.labels);
  return checked(open, judge_key(open->item));
}

/// Whether the key that the fence has read is still in one pair of hands.
Answer ItemRunner::judge_key(const WorkItem& item) const {
  const auto compromised = runtime_.compromised_keys.has(item.label(CERTSPAN_LABEL_KEY));
  if (!compromised) return answer_of(compromised.error());
  if (!*compromised) return yes();
  return answer_of({Outcome::Rejected, "fence.key_compromised",
                    "a certificate with this key was revoked because the key is in other hands"});
}

Answer ItemRunner::fence_certificate(const OpenItemPtr& open, const std::string& issuer,
                                     BytesView certificate) {
  const auto config = runtime_.config();
  Connector* fence = config->connectors.find(ConnectorSet::kFence);
  if (fence == nullptr) return no_fence();
  Connector* connector = config->connectors.find(issuer);
  const auto chain = connector == nullptr ? nullptr : config->chains.get(*connector);
  if (!chain) return no_chain(issuer);
  const IssuedView issued{issuer, certificate, *chain};
  return call(open, *fence, "check_certificate",
              [&](const CallTerms& terms) { return fence->after_issue(open->item, terms, issued); });
}

/// A person has all the time that the item has, and it is no try. The validator is asked again now and then,
/// in case its settings say something else by then; the log tells again that the item waits.
void ItemRunner::wait_for_person(const OpenItemPtr& open, const Answer& answer) {
  WorkItem& item = open->item;
  item.state = ItemState::Ready;
  const WallMs now = runtime_.clock.wall_ms();
  const auto left = std::chrono::milliseconds(std::max<WallMs>(0, item.deadline - now));
  const auto delay = std::min(std::max(answer.retry_after, kWorthWaiting), left);
  item.next_at = now + delay.count();
  log(LogLevel::Warn, "waits for a person's yes", item,
      {{"connector", current_step(*open).connectors.front()}, {"subject", item.label("subject")}});
  commit(open, [this, open, delay] {
    tell_that_it_is_pending(open);
    schedule(open, delay, [this, open] { step(open); });
  });
}

/// Whether a validator or the fence said yes; otherwise the item is refused or asked about again.
bool ItemRunner::checked(const OpenItemPtr& open, const Answer& answer) {
  switch (after_check(answer.outcome)) {
    case Action::GoOn:
      return true;
    case Action::Refuse:
      refuse(open, answer);
      return false;
    default:
      if (!put_off(open, answer)) repeat_later(open, answer);
      return false;
  }
}

/// Lets go of an item that nothing durable is known of, where its check asks for a pause that few clients
/// would wait for: whoever sends a flood of such requests must not fill the host with them.
bool ItemRunner::put_off(const OpenItemPtr& open, const Answer& answer) {
  if (answer.outcome != Outcome::Throttled || answer.retry_after < kWorthWaiting || open->stored)
    return false;
  log(LogLevel::Info, "put off", open->item, {{"code", answer.code}, {"reason", answer.message}});
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(answer.retry_after).count();
  ReplyDesk::try_later(runtime_.table.remove(open), static_cast<std::uint32_t>(seconds));
  return true;
}

/// The same step again after a pause, until its tries are used up. What may have been done is then held, and
/// is otherwise a dead letter.
void ItemRunner::repeat_later(const OpenItemPtr& open, const Answer& answer) {
  const RetryPolicy policy = current_step(*open).retry;
  // A try at an outside CA was counted before the call.
  if (open->item.state != ItemState::Calling) ++open->item.tries;
  if (open->item.tries >= policy.attempts) {
    if (open->item.state == ItemState::Calling && open->unsure) return hold(open, answer);
    return give_up(
        open, answer.code,
        "no success in " + std::to_string(open->item.tries) + " tries; the last one: " + answer.message);
  }
  if (!open->unsure) open->item.state = ItemState::Ready;
  const auto delay = back_off(policy, open->item.tries, answer.retry_after, runtime_.random());
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  save(open, [this, open, delay] { schedule(open, delay, [this, open] { step(open); }); });
}

bool ItemRunner::out_of_time(const OpenItemPtr& open) const {
  return runtime_.clock.wall_ms() >= open->item.deadline && !open->unsure &&
         open->item.state != ItemState::Calling;
}

// --- ends
// ------------------------------------------------------------------------------------------------------------

void ItemRunner::refuse(const OpenItemPtr& open, const Answer& answer) {
  // A request that was refused used nothing up: what its validators staged (a challenge spent) is dropped
  // with it.
  open->writes.clear();
  finish(open, ItemState::Failed, answer.outcome, answer.code, answer.message);
}

void ItemRunner::give_up(const OpenItemPtr& open, std::string_view code, std::string_view why) {
  open->writes.clear();
  log(LogLevel::Error, "dead letter", open->item, {{"code", code}, {"reason", why}});
  finish(open, ItemState::Dead, Outcome::Unavailable, code, why);
}

void ItemRunner::finish(const OpenItemPtr& open, ItemState state, Outcome outcome, std::string_view code,
                        std::string_view reason) {
  release_admission(open);
  open->item.state = state;
  open->item.outcome = outcome;
  open->item.code = code;
  open->item.reason = reason;
  if (state != ItemState::Done && tell_of_failure(open, state)) return;
  CERTSPAN_FAILPOINT("finish.before");
  commit(open, [this, open] {
    CERTSPAN_FAILPOINT("finish.after");
    const WorkItem& item = open->item;
    log_end(item);
    desk_.finished(runtime_.table.remove(open), item, open->certificate);
  });
}

void ItemRunner::log_end(const WorkItem& item) {
  const bool done = item.state == ItemState::Done;
  const LogField outcome{"outcome", to_string(item.outcome)};
  if (item.message != kRevocation) {
    return log(done ? LogLevel::Info : LogLevel::Warn, done ? "issued" : "refused", item,
               {outcome, {"code", item.code}, {"reason", item.reason}});
  }
  const LogField serial{"serial", item.label(revocation_label::kSerial)};
  if (done) {
    return log(LogLevel::Info, "revoked", item,
               {serial, {"issuer", item.issuer}, {"reason", item.label(revocation_label::kReason)}});
  }
  log(LogLevel::Error, "not revoked", item, {serial, outcome, {"code", item.code}, {"reason", item.reason}});
}

// --- a person's word
// -----------------------------------------------------------------------------------------------

namespace {

tl::unexpected<Error> busy(const WorkItem& item) {
  return fail(Outcome::Unavailable, "work.busy",
              to_string(item.id) + " is being worked on right now; try again in a moment");
}

/// That the CA did nothing stands with the item as a call's answer would.
void note_word(OpenItem& open, std::string_view who, WallMs now) {
  Attempt attempt;
  attempt.step = open.item.step;
  attempt.call = "resolve";
  attempt.connector = current_issuer(open);
  attempt.outcome = Outcome::Cancelled;
  attempt.message = "not done, on the word of " + std::string(who);
  attempt.at = now;
  open.item.add_attempt(std::move(attempt));
}

tl::unexpected<Error> is_issued(const WorkItem& item) {
  return fail(Outcome::Rejected, "work.issued",
              to_string(item.id) +
                  " has its certificate, of which somebody is to be told before it is handed out; "
                  "`certspan work retry` tells them now");
}

tl::unexpected<Error> is_held(const WorkItem& item) {
  return fail(Outcome::Rejected, "work.held",
              to_string(item.id) + " is held: find out what its CA did, then `certspan work resolve`");
}

}  // namespace

Result<void> ItemRunner::hurry(const OpenItemPtr& open) {
  if (open->parked.exchange(0) == 0) return busy(open->item);
  if (open->item.state == ItemState::Held) {
    park_until_due(open);
    return is_held(open->item);
  }
  open->item.next_at = runtime_.clock.wall_ms();
  if (open->item.state != ItemState::Calling) {
    resume(open);
  } else if (traits_of(open).idempotent) {
    post(open, "", [this, open] { step(open); });
  } else {
    post(open, current_issuer(*open), [this, open] { ask_issuer(open, "lookup"); });
  }
  return {};
}

Result<void> ItemRunner::cancel(const OpenItemPtr& open, std::string_view who) {
  if (open->parked.exchange(0) == 0) return busy(open->item);
  const std::string why = "cancelled by " + std::string(who);
  switch (open->item.state) {
    case ItemState::Ready:
      if (current_step(*open).kind == StepKind::Deliver) {
        park_until_due(open);
        return is_issued(open->item);
      }
      open->writes.clear();
      // Of an item that has failed only the telling is left.
      if (delivers(current_step(*open))) {
        delivered(open);
      } else {
        finish(open, ItemState::Failed, Outcome::Cancelled, "work.cancelled", why);
      }
      return {};
    case ItemState::Pending:
      post(open, current_issuer(*open), [this, open, why] { take_back_order(open, "work.cancelled", why); });
      return {};
    case ItemState::Held:
      park_until_due(open);
      return is_held(open->item);
    default:
      park_until_due(open);
      return fail(Outcome::Rejected, "work.may_be_done",
                  to_string(open->item.id) +
                      " may have been issued: it can't be cancelled before its CA has "
                      "said what came of it");
  }
}

bool ItemRunner::strand(const OpenItemPtr& open, std::string_view who) {
  if (open->parked.exchange(0) == 0) return false;
  WorkItem& item = open->item;
  const bool may_be_done = item.state != ItemState::Ready;
  // Whom it would tell may be gone too.
  std::erase_if(item.steps, [&](const Step& step) {
    return step.kind == StepKind::DeliverFailure && &step != &item.steps[item.step];
  });
  give_up(
      open, "work.stranded",
      std::string(who) + " took a connector that it needs out of the configuration" +
          (may_be_done ? "; \"" + current_issuer(*open) + "\" may have issued a certificate for it" : ""));
  return true;
}

Result<void> ItemRunner::decide(const OpenItemPtr& open, bool approved, std::string_view who,
                                std::string_view reason) {
  if (open->parked.exchange(0) == 0) return busy(open->item);
  WorkItem& item = open->item;
  const bool is_order = current_step(*open).kind == StepKind::Revoke;
  const std::string name = is_order ? std::string() : current_step(*open).connectors.front();
  const auto config = runtime_.config();
  const Connector* validator = config->connectors.find(name);
  if (!waits_for_person(item) || (!is_order && (validator == nullptr || !validator->asks_person()))) {
    park_until_due(open);
    return fail(Outcome::Rejected, "work.not_waiting",
                to_string(item.id) + " waits for nobody's yes; `certspan work show` tells how it stands");
  }
  const std::string said = " on the word of " + std::string(who) + ": " + std::string(reason);
  Attempt attempt;
  attempt.step = item.step;
  attempt.call = approved ? "approve" : "refuse";
  attempt.connector = name;
  attempt.outcome = approved ? Outcome::Ok : Outcome::Rejected;
  attempt.message = (approved ? "approved" : "refused") + said;
  attempt.at = runtime_.clock.wall_ms();
  item.add_attempt(std::move(attempt));
  item.set_label(approved ? decision_label::kApprovedBy : decision_label::kRefusedBy, who);
  item.set_label(decision_label::kReason, reason);
  open->tell_pending = false;
  if (!approved) {
    finish(open, ItemState::Failed, Outcome::Rejected, "work.refused", "refused" + said);
    return {};
  }
  // An order is carried out now; a validator's yes was all that its step is for.
  if (!is_order) ++item.step;
  item.tries = 0;
  commit(open, [this, open] { post(open, "", [this, open] { step(open); }); });
  return {};
}

Result<void> ItemRunner::resolve(const OpenItemPtr& open, Resolution resolution, std::string_view who) {
  if (open->parked.exchange(0) == 0) return busy(open->item);
  if (open->item.state != ItemState::Held) {
    park_until_due(open);
    return fail(Outcome::Rejected, "work.not_held",
                to_string(open->item.id) + " is not held; `certspan work show` tells how it stands");
  }
  const std::string said = " on the word of " + std::string(who);
  switch (resolution.kind) {
    case Resolution::Kind::Issued: {
      const Answer verdict = fence_certificate(open, current_issuer(*open), resolution.certificate);
      if (!verdict.ok()) {
        park_until_due(open);
        return fail(verdict.outcome, verdict.code,
                    "this certificate is not what was asked for: " + verdict.message);
      }
      take_labels(open->item, verdict.labels);
      open->item.issuer = current_issuer(*open);
      open->certificate = std::move(resolution.certificate);
      hand_over(open, "issued by \"" + open->item.issuer + "\"," + said);
      return {};
    }
    case Resolution::Kind::NotDone:
      open->item.state = ItemState::Ready;
      open->item.tries = 0;
      open->unsure = false;
      forget_order(*open);
      note_word(*open, who, runtime_.clock.wall_ms());
      // The person's word starts its time anew.
      open->item.deadline += runtime_.clock.wall_ms() - open->item.accepted_at;
      log(LogLevel::Warn, "held item is asked for again", open->item, {{"who", who}});
      commit(open, [this, open] { post(open, "", [this, open] { step(open); }); });
      return {};
    case Resolution::Kind::Abandon:
      open->writes.clear();
      finish(open, ItemState::Failed, Outcome::Cancelled, "work.abandoned", "abandoned" + said);
      return {};
  }
  return {};
}

}  // namespace certspan
