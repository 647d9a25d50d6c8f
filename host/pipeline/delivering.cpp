// Telling deliverers how an item ended: of a certificate before its client gets it, and of a failure after a
// validator had said yes.

#include <algorithm>
#include <utility>

#include "host/base/failpoint.hpp"
#include "host/pipeline/current_step.hpp"
#include "host/pipeline/item_runner.hpp"
#include "host/pipeline/taken_labels.hpp"

namespace certspan {
namespace {

/// Whoever waits for word of a failure hears it within this time or not at all.
constexpr std::chrono::milliseconds kTimeToTell{std::chrono::hours(24)};

bool has_next(const WorkItem& item, StepKind kind) {
  return item.step + 1 < item.steps.size() && item.steps[item.step + 1].kind == kind;
}

/// Whether the item came so far that `deliverer` has something to hear of its failure: past its own yes where
/// it is a validator too, else past any validator's.
bool has_yes(const WorkItem& item, const std::string& deliverer) {
  // Who ordered a revocation hears of it in any case.
  if (item.message == kRevocation) return true;
  bool is_validator = false;
  bool own = false;
  bool any = false;
  for (std::size_t i = 0; i < item.steps.size(); ++i) {
    if (item.steps[i].kind != StepKind::Validate) continue;
    const bool passed = i < item.step;
    any = any || passed;
    if (item.steps[i].connectors.front() != deliverer) continue;
    is_validator = true;
    own = own || passed;
  }
  return is_validator ? own : any;
}

/// A dead letter is what nobody had a final answer for.
ItemState ended(const WorkItem& item) {
  return item.outcome == Outcome::Unavailable ? ItemState::Dead : ItemState::Failed;
}

DeliveryView view_of(const WorkItem& item, StepKind kind) {
  if (kind == StepKind::DeliverFailure) return {item.outcome, item.code, item.reason, {}, {}};
  return {Outcome::Ok, {}, {}, item.issuer, item.certificate};
}

}  // namespace

/// The certificate is there and is what was asked for. Its deliverers are told of it first.
void ItemRunner::hand_over(const OpenItemPtr& open, std::string reason) {
  WorkItem& item = open->item;
  if (!has_next(item, StepKind::Deliver)) {
    const auto config = runtime_.config();
    const Connector* issuer = config->connectors.find(item.issuer);
    // One with local effects keeps it in its own store.
    item.certificate = issuer != nullptr && issuer->has_local_effects() ? Bytes() : open->certificate;
    return finish(open, ItemState::Done, Outcome::Ok, "", reason);
  }
  release_admission(open);
  item.certificate = open->certificate;
  item.reason = std::move(reason);
  item.state = ItemState::Ready;
  item.next_at = runtime_.clock.wall_ms();
  open->unsure = false;
  forget_order(*open);
  ++item.step;
  item.tries = 0;
  commit(open, [this, open] {
    answer_early(open);
    go_on(open);
  });
}

/// Where the rest of the telling stands behind the reply: the clients are answered, now and when they come
/// again.
void ItemRunner::answer_early(const OpenItemPtr& open) {
  if (!is_behind_reply(open->item)) return;
  if (open->answer.load() == nullptr) {
    auto answer = std::make_shared<WorkItem>(open->item);
    answer->state = ItemState::Done;
    answer->outcome = Outcome::Ok;
    open->answer = std::move(answer);
  }
  const auto answer = open->answer.load();
  desk_.finished(runtime_.table.take_waiters(open), *answer, answer->certificate);
}

void ItemRunner::go_on(const OpenItemPtr& open) {
  post(open, "", [this, open] { step(open); });
}

void ItemRunner::deliver(const OpenItemPtr& open, const Step& step) {
  WorkItem& item = open->item;
  if (runtime_.clock.wall_ms() >= item.deadline) {
    Answer late;
    late.code = "item.deadline";
    late.message = "the time in which it could be told is over";
    return undelivered(open, late);
  }
  ++item.tries;
  const std::string& name = step.connectors.front();
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(name);
  CERTSPAN_FAILPOINT("deliver.before");
  const Answer answer = connector == nullptr
                            ? not_running(name)
                            : call(open, *connector, "deliver", [&](const CallTerms& terms) {
                                return connector->deliver(item, terms, view_of(item, step.kind));
                              });
  CERTSPAN_FAILPOINT("deliver.after");
  switch (after_check(answer.outcome)) {
    case Action::GoOn:
      take_labels(item, answer.labels);
      return delivered(open);
    case Action::Refuse:
      return undelivered(open, answer);
    default:
      return deliver_again(open, answer);
  }
}

void ItemRunner::deliver_again(const OpenItemPtr& open, const Answer& answer) {
  const RetryPolicy policy = current_step(*open).retry;
  if (policy.attempts != 0 && open->item.tries >= policy.attempts) return undelivered(open, answer);
  const auto delay = back_off(policy, open->item.tries, answer.retry_after, runtime_.random());
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  commit(open, [this, open, delay] { schedule(open, delay, [this, open] { step(open); }); });
}

/// The next deliverer, or the end that the item was about to come to.
void ItemRunner::delivered(const OpenItemPtr& open) {
  WorkItem& item = open->item;
  const StepKind kind = current_step(*open).kind;
  if (kind == StepKind::Deliver && !has_next(item, kind)) {
    open->certificate = item.certificate;
    return hand_over(open, std::exchange(item.reason, {}));
  }
  if (!has_next(item, kind)) {
    return finish(open, ended(item), item.outcome, std::exchange(item.code, {}),
                  std::exchange(item.reason, {}));
  }
  ++item.step;
  item.tries = 0;
  commit(open, [this, open] {
    answer_early(open);
    go_on(open);
  });
}

/// A deliverer will not be told. A certificate that its management does not know of is handed to nobody,
/// unless the step says otherwise; a failure is one all the same.
void ItemRunner::undelivered(const OpenItemPtr& open, const Answer& answer) {
  WorkItem& item = open->item;
  const std::string name = current_step(*open).connectors.front();
  if (current_step(*open).kind == StepKind::DeliverFailure || !current_step(*open).required ||
      current_step(*open).after_reply || item.message == kRevocation) {
    log(LogLevel::Error, "not told", item,
        {{"connector", name}, {"code", answer.code}, {"reason", answer.message}});
    return delivered(open);
  }
  open->writes.clear();
  open->certificate.clear();
  open->writes.push_back(runtime_.revocations.owe(item.id, "nobody took word of it"));
  log(LogLevel::Error, "certificate withheld", item,
      {{"issuer", item.issuer}, {"code", answer.code}, {"reason", answer.message}});
  finish(open, ItemState::Failed, Outcome::Rejected, answer.code,
         "issued by \"" + item.issuer + "\", and handed to nobody, since \"" + name +
             "\" did not take word of it: " + answer.message);
}

/// Before an item ends without a certificate: those who are to hear of it are told once that is durable, and
/// its clients at once. False: there is nobody to tell.
bool ItemRunner::tell_of_failure(const OpenItemPtr& open, ItemState state) {
  WorkItem& item = open->item;
  if (open->too_large || current_step(*open).kind == StepKind::DeliverFailure) return false;
  std::erase_if(item.steps, [&](const Step& step) {
    return step.kind == StepKind::DeliverFailure && !has_yes(item, step.connectors.front());
  });
  const auto first = std::ranges::find(item.steps, StepKind::DeliverFailure, &Step::kind);
  if (first == item.steps.end()) return false;
  if (state == ItemState::Dead) item.outcome = Outcome::Unavailable;
  WorkItem told = item;
  told.state = state;
  item.state = ItemState::Ready;
  item.step = static_cast<std::uint32_t>(first - item.steps.begin());
  item.tries = 0;
  item.next_at = runtime_.clock.wall_ms();
  item.deadline = item.next_at + kTimeToTell.count();
  open->unsure = false;
  forget_order(*open);
  commit(open, [this, open, told = std::move(told)] {
    desk_.finished(runtime_.table.take_waiters(open), told, {});
    go_on(open);
  });
  return true;
}

}  // namespace certspan
