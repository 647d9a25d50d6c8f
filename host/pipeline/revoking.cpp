// Having a certificate revoked that an order names, and owing it for one that nobody may have.

#include <algorithm>
#include <utility>

#include <certspan/abi/role_revoker.h>

#include "host/base/failpoint.hpp"
#include "host/pipeline/current_step.hpp"
#include "host/pipeline/foreign_certificates.hpp"
#include "host/pipeline/item_runner.hpp"
#include "host/pipeline/taken_labels.hpp"

namespace certspan {
namespace {

/// How often an order that waits for a person looks whether its time is over.
constexpr std::chrono::milliseconds kLookAtTime{std::chrono::hours(1)};

Answer cannot(const std::string& issuer) {
  Answer answer;
  answer.outcome = Outcome::Unsupported;
  answer.code = "revocation.cannot";
  answer.message = "\"" + issuer + "\" can't revoke certificates; revoke it at the CA itself";
  return answer;
}

bool needs_person(const WorkItem& order) {
  return order.label(revocation_label::kBy).empty() && order.label(decision_label::kApprovedBy).empty();
}

}  // namespace

void ItemRunner::revoke(const OpenItemPtr& open, const Step& step) {
  WorkItem& order = open->item;
  if (waits_for_person(order)) return wait_on(open);
  auto target = runtime_.revocations.target_of(order, step);
  const bool is_foreign = !target && step.revokes_foreign && target.error().code == "revocation.not_found";
  if (!target && !is_foreign) return after_revoker(open, answer_of(target.error()));
  const auto config = runtime_.config();
  if (order.tries == 0 && needs_person(order) &&
      !runtime_.revocations.admit(config->revocation_guard, runtime_.clock.wall_ms())) {
    return keep_for_person(open);
  }
  ++order.tries;
  if (is_foreign) return post(open, step.connectors.front(), [this, open] { revoke_foreign(open); });
  const std::string issuer = target->issuer;
  post(open, issuer, [this, open, target = std::move(*target)] { revoke_at_issuer(open, target); });
}

/// Whether a CA knows what the journal does not.
void ItemRunner::revoke_foreign(const OpenItemPtr& open) {
  const auto config = runtime_.config();
  const auto target = find_foreign(open->item, current_step(*open), *config);
  if (!target) return after_revoker(open, answer_of(target.error()));
  log(LogLevel::Warn, "a foreign certificate is revoked", open->item,
      {{"serial", target->label(revocation_label::kSerial)},
       {"issuer", target->issuer},
       {"subject", target->label("subject")}});
  revoke_at_issuer(open, *target);
}

/// On a thread that may call the issuer of `target`.
void ItemRunner::revoke_at_issuer(const OpenItemPtr& open, const WorkItem& target) {
  WorkItem& order = open->item;
  const auto config = runtime_.config();
  Connector* issuer = config->connectors.find(target.issuer);
  if (issuer == nullptr) return after_revoker(open, not_running(target.issuer));
  if (!issuer->can_revoke()) return after_revoker(open, cannot(target.issuer));
  const auto said = reason_of(order.label(revocation_label::kReason));
  const RevocationView view{said.value_or(current_step(*open).reason), order.accepted_at, target};
  CERTSPAN_FAILPOINT("revoke.before");
  const Answer answer = call(open, *issuer, "revoke",
                             [&](const CallTerms& terms) { return issuer->revoke(order, terms, view); });
  CERTSPAN_FAILPOINT("revoke.after");
  if (!answer.ok()) return after_revoker(open, answer);
  take_labels(order, answer.labels);
  order.issuer = target.issuer;
  for (const std::string_view label : {"serial", "subject", "names", "device", "user"}) {
    if (const auto value = target.label(label); !value.empty()) order.set_label(label, value);
  }
  order.set_label(revocation_label::kReason, reason_name(view.reason));
  if (target.id != WorkId{}) {
    order.set_label(revocation_label::kItem, to_string(target.id));
    open->writes.push_back(Revocations::write(target.id, view.reason, view.at));
  }
  if (view.reason == CERTSPAN_REASON_KEY_COMPROMISE) refuse_key(open, target);
  revoked(open);
}

/// From now on no CA gets a request for it. The revocation stands whatever comes of this.
void ItemRunner::refuse_key(const OpenItemPtr& open, const WorkItem& target) {
  auto refused = runtime_.compromised_keys.write(target);
  if (refused) return open->writes.push_back(std::move(*refused));
  log(LogLevel::Error, "a compromised key can't be refused", open->item,
      {{"reason", refused.error().message}});
}

/// It is done: durable before anybody is told.
void ItemRunner::revoked(const OpenItemPtr& open) {
  WorkItem& order = open->item;
  const bool tells =
      order.step + 1 < order.steps.size() && order.steps[order.step + 1].kind == StepKind::Deliver;
  if (!tells) return finish(open, ItemState::Done, Outcome::Ok, "", "");
  ++order.step;
  order.tries = 0;
  order.next_at = runtime_.clock.wall_ms();
  commit(open, [this, open] { go_on(open); });
}

/// Everything but a final answer is asked again until the item's deadline: revoking twice does no harm.
void ItemRunner::after_revoker(const OpenItemPtr& open, const Answer& answer) {
  open->writes.clear();
  if (after_check(answer.outcome) == Action::Refuse) return refuse(open, answer);
  const RetryPolicy policy = current_step(*open).retry;
  if (policy.attempts != 0 && open->item.tries >= policy.attempts) {
    return give_up(open, answer.code, "not revoked; the last answer: " + answer.message);
  }
  const auto delay =
      back_off(policy, std::max<std::uint32_t>(1, open->item.tries), answer.retry_after, runtime_.random());
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  commit(open, [this, open, delay] { schedule(open, delay, [this, open] { this->step(open); }); });
}

/// Beyond the guard: an officer says whether it is meant.
void ItemRunner::keep_for_person(const OpenItemPtr& open) {
  Attempt attempt;
  attempt.step = open->item.step;
  attempt.call = "guard";
  attempt.outcome = Outcome::Pending;
  attempt.code = "revocation.guard";
  attempt.message =
      "more revocations were ordered than `host.revocation_guard` lets through without a person";
  attempt.at = runtime_.clock.wall_ms();
  log(LogLevel::Warn, "revocation waits for a person's yes", open->item,
      {{"serial", open->item.label(revocation_label::kSerial)}});
  open->item.add_attempt(std::move(attempt));
  wait_on(open);
}

void ItemRunner::wait_on(const OpenItemPtr& open) {
  const auto left = std::max<WallMs>(0, open->item.deadline - runtime_.clock.wall_ms());
  const auto delay = std::min(kLookAtTime, std::chrono::milliseconds(left));
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  commit(open, [this, open, delay] { schedule(open, delay, [this, open] { this->step(open); }); });
}

}  // namespace certspan
