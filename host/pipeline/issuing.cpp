// Asking an issuer, and what each of its answers leads to.

#include <algorithm>
#include <utility>

#include "host/base/failpoint.hpp"
#include "host/pipeline/current_step.hpp"
#include "host/pipeline/item_runner.hpp"
#include "host/pipeline/taken_labels.hpp"

namespace certspan {
namespace {

constexpr std::chrono::milliseconds kFirstPoll{1000};
constexpr std::chrono::milliseconds kLongestPause{std::chrono::hours(24)};
/// An issuer that a reload took away, or that is not started yet, is looked for again after this.
constexpr std::chrono::milliseconds kMissingPause{5000};
constexpr RetryPolicy kLookUpPauses{
    .attempts = 0, .first = std::chrono::milliseconds(500), .most = std::chrono::milliseconds(30000)};

}  // namespace

void ItemRunner::issue(const OpenItemPtr& open, const Step& step) {
  if (!knows_lost_time(open, step)) return;
  const auto config = runtime_.config();
  const std::string& name = step.connectors[open->item.connector];
  Connector* issuer = config->connectors.find(name);
  if (issuer == nullptr) return pass_over(open, kMissingPause);
  if (!fence_request(open, *issuer)) return;
  IssuerHealth& health = runtime_.healths.of(name);
  const auto kind =
      open->item.tries <= open->looked_back ? IssuerHealth::Call::First : IssuerHealth::Call::Retry;
  const auto wait = health.admit(kind, runtime_.clock.now());
  if (wait.count() > 0) return pass_over(open, wait);
  open->admitted = &health;
  if (issuer->has_local_effects()) return ask_issuer(open, "issue");
  issue_at_outside_ca(open);
}

/// This CA may not be asked now, which costs the item no try: the next one of the list at once, or the first
/// again when there is hope.
void ItemRunner::pass_over(const OpenItemPtr& open, std::chrono::milliseconds wait) {
  const Step& step = current_step(*open);
  if (!open->unsure && open->item.connector + 1 < step.connectors.size()) {
    ++open->item.connector;
    forget_order(*open);
    return post(open, "", [this, open] { this->step(open); });
  }
  if (!open->unsure) open->item.connector = 0;
  if (open->unsure && runtime_.clock.wall_ms() >= open->item.deadline) {
    Answer answer;
    answer.code = "item.deadline";
    answer.message = "it could not be asked again before the item's deadline";
    return hold(open, answer);
  }
  const auto spread = wait + std::chrono::milliseconds(static_cast<std::int64_t>(
                                 runtime_.random() * static_cast<double>(wait.count()) / 4));
  schedule(open, spread, [this, open] { this->step(open); });
}

/// Durable point C1: that this CA is about to be asked is on disk before it hears of it.
void ItemRunner::issue_at_outside_ca(const OpenItemPtr& open) {
  open->item.state = ItemState::Calling;
  ++open->item.tries;
  CERTSPAN_FAILPOINT("issue.c1");
  commit(open,
         [this, open] { post(open, current_issuer(*open), [this, open] { ask_issuer(open, "issue"); }); });
}

/// `call_name`: "issue", "poll" or "lookup". Only `issue` comes with an admission already.
void ItemRunner::ask_issuer(const OpenItemPtr& open, std::string_view call_name) {
  const auto config = runtime_.config();
  const std::string name = current_issuer(*open);
  const auto again = [this, open, call_name] { ask_issuer(open, call_name); };
  Connector* issuer = config->connectors.find(name);
  if (issuer == nullptr) return schedule(open, kMissingPause, again);
  if (open->admitted == nullptr) {
    IssuerHealth& health = runtime_.healths.of(name);
    const auto wait = health.admit(IssuerHealth::Call::First, runtime_.clock.now());
    if (wait.count() > 0) return schedule(open, wait, again);
    open->admitted = &health;
  }
  const std::size_t staged = open->writes.size();
  CERTSPAN_FAILPOINT("issue.before");
  Answer answer = call_issuer(open, *issuer, call_name);
  CERTSPAN_FAILPOINT("issue.after");
  // A CA that can't tell yet what came of a request is well.
  const bool cannot_tell = call_name == "lookup" && answer.outcome == Outcome::Unavailable;
  const auto change =
      std::exchange(open->admitted, nullptr)
          ->took(cannot_tell ? Outcome::Pending : answer.outcome, answer.retry_after, runtime_.clock.now());
  tell_health(name, change, answer);
  if (!answer.ok() && answer.outcome != Outcome::Pending) open->writes.resize(staged);
  after_issuer(open, call_name, std::move(answer));
}

/// That a CA is down concerns whoever looks after the host, once for the CA and not for each item.
void ItemRunner::tell_health(const std::string& issuer, IssuerHealth::Change change, const Answer& answer) {
  if (change == IssuerHealth::Change::LeftInPeace) {
    runtime_.log.write(LogLevel::Warn, "CA is left in peace",
                       {{"connector", issuer}, {"code", answer.code}, {"reason", answer.message}});
  } else if (change == IssuerHealth::Change::AskedAsBefore) {
    runtime_.log.write(LogLevel::Info, "CA is asked as before", {{"connector", issuer}});
  }
}

Answer ItemRunner::call_issuer(const OpenItemPtr& open, Connector& issuer, std::string_view call_name) {
  const NoteFunction note = [&](BytesView bytes) {
    CERTSPAN_FAILPOINT("note.before");
    const auto result = runtime_.journal.note(open->item.id, open->item.epoch, bytes);
    if (result == CommitResult::Failed) runtime_.journal_failed();
    if (result == CommitResult::TooLarge) return Outcome::Invalid;
    if (result != CommitResult::Committed) return Outcome::Unavailable;
    open->item.note = copy_of(bytes);
    open->durable.note = open->item.note;
    return Outcome::Ok;
  };
  return call(open, issuer, call_name, [&](const CallTerms& terms) {
    if (call_name == "poll") return issuer.poll(open->item, terms, note);
    if (call_name == "lookup") return issuer.lookup(open->item, terms, note);
    return issuer.issue(open->item, terms, note);
  });
}

IssuerTraits ItemRunner::traits_of(const OpenItemPtr& open) const {
  IssuerTraits traits;
  traits.unsure = open->unsure;
  const auto config = runtime_.config();
  if (Connector* issuer = config->connectors.find(current_issuer(*open))) {
    const auto* role = issuer->role<certspan_role_issuer>();
    traits.local_effects = issuer->has_local_effects();
    traits.idempotent = (role->flags & CERTSPAN_ISSUER_IDEMPOTENT) != 0;
    traits.has_lookup = issuer->has_lookup();
  }
  return traits;
}

void ItemRunner::after_issuer(const OpenItemPtr& open, std::string_view call_name, Answer answer) {
  const IssuerTraits traits = traits_of(open);
  const Action action = call_name == "poll"     ? after_poll(answer.outcome)
                        : call_name == "lookup" ? after_lookup(answer.outcome)
                                                : after_issue_call(answer.outcome, traits);
  const bool looking_back = open->looking_back;
  if (action != Action::LookUp) open->looking_back = false;
  switch (action) {
    case Action::GoOn:
      return take_certificate(open, std::move(answer));
    case Action::Wait:
      return wait_for_order(open, answer);
    case Action::Repeat:
      // Effects of a local issuer went with the call; elsewhere only an `unknown` leaves a doubt.
      if (!traits.local_effects && answer.outcome != Outcome::Cancelled) open->unsure = true;
      return repeat_later(open, answer);
    case Action::NextCa:
      return looking_back ? looked_back(open) : next_ca(open, answer);
    case Action::LookUp:
      return look_up(open, answer);
    case Action::Hold:
      return hold(open, answer);
    case Action::Refuse:
      return refuse(open, answer);
  }
}

/// The fence compares what came back; then durable point C2, and only then the client hears of it.
void ItemRunner::take_certificate(const OpenItemPtr& open, Answer answer) {
  const std::string name = current_issuer(*open);
  take_labels(open->item, answer.labels);
  const Answer verdict = fence_certificate(open, name, answer.certificate);
  open->item.issuer = name;
  if (!verdict.ok() && after_check(verdict.outcome) != Action::Refuse) {
    return keep_unjudged(open, verdict, std::move(answer.certificate));
  }
  if (!verdict.ok()) {
    log(LogLevel::Error, "certificate withheld", open->item,
        {{"issuer", name}, {"code", verdict.code}, {"reason", verdict.message}});
    open->item.certificate = std::move(answer.certificate);
    open->writes.push_back(runtime_.revocations.owe(open->item.id, "not what was asked for"));
    return finish(open, ItemState::Failed, Outcome::Rejected, verdict.code,
                  "the certificate that \"" + name + "\" gave is not what was asked for: " + verdict.message);
  }
  take_labels(open->item, verdict.labels);
  open->certificate = std::move(answer.certificate);
  hand_over(open, "issued by \"" + name + "\"");
}

/// The fence can't judge a certificate now. Nothing was done where the issuer's effects are only staged;
/// elsewhere the CA can be asked for it again, or it is kept for a person.
void ItemRunner::keep_unjudged(const OpenItemPtr& open, const Answer& verdict, Bytes certificate) {
  const IssuerTraits traits = traits_of(open);
  if (traits.local_effects) return start_over(open);
  if (traits.has_lookup) return look_up(open, verdict);
  open->item.certificate = std::move(certificate);
  hold(open, verdict);
}

void ItemRunner::wait_for_order(const OpenItemPtr& open, const Answer& answer) {
  const auto delay = std::min(std::max(answer.retry_after, kFirstPoll), kLongestPause);
  const bool first = open->item.state != ItemState::Pending;
  open->item.state = ItemState::Pending;
  open->unsure = false;
  if (!answer.handle.empty()) open->item.handle = answer.handle;
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  if (runtime_.clock.wall_ms() >= open->item.deadline) {
    return take_back_order(open, "item.deadline", "the order was still pending at the item's deadline");
  }
  if (!first && answer.handle.empty()) {
    return schedule(open, delay, [this, open] { ask_issuer(open, "poll"); });
  }
  commit(open, [this, open, delay] {
    tell_that_it_is_pending(open);
    schedule(open, delay, [this, open] { ask_issuer(open, "poll"); });
  });
}

/// Where the pipeline lets clients hear so. Requires: the item is in the journal.
void ItemRunner::tell_that_it_is_pending(const OpenItemPtr& open) {
  const auto config = runtime_.config();
  const Pipeline* pipeline = config->graph.find(open->item.pipeline);
  if (pipeline == nullptr || pipeline->reply.then != ReplyRule::Then::Pending) return;
  open->tell_pending = true;
  desk_.pending(runtime_.table.take_waiters(open), open->id);
}

/// Certainly not done here: the next CA of the list at once, or the first again after a pause.
void ItemRunner::next_ca(const OpenItemPtr& open, const Answer& answer) {
  const Step& step = current_step(*open);
  open->unsure = false;
  forget_order(*open);
  if (open->item.connector + 1 < step.connectors.size()) {
    ++open->item.connector;
    open->item.state = ItemState::Ready;
    return save(open, [this, open] { post(open, "", [this, open] { this->step(open); }); });
  }
  open->item.connector = 0;
  repeat_later(open, answer);
}

void ItemRunner::look_up(const OpenItemPtr& open, const Answer& answer) {
  open->item.state = ItemState::Calling;
  open->unsure = true;
  const auto lookups = static_cast<std::uint32_t>(
      std::ranges::count(open->item.attempts, std::string("lookup"), &Attempt::call));
  const auto delay = back_off(kLookUpPauses, lookups, answer.retry_after, runtime_.random());
  if (runtime_.clock.wall_ms() >= open->item.deadline) return hold(open, answer);
  schedule(open, delay, [this, open] { ask_issuer(open, "lookup"); });
}

void ItemRunner::hold(const OpenItemPtr& open, const Answer& answer) {
  open->item.state = ItemState::Held;
  open->item.code = answer.code;
  open->item.reason =
      open->item.certificate.empty()
          ? "may have been issued, and \"" + current_issuer(*open) + "\" can't tell: " + answer.message
          : "was issued by \"" + current_issuer(*open) + "\", but can't be judged: " + answer.message;
  log(LogLevel::Error, "item held", open->item,
      {{"issuer", current_issuer(*open)}, {"reason", answer.message}});
  commit(open, [this, open] { park_until_due(open); });
}

/// Ends an item whose order is pending, if its CA promises to drop the order; else a person has to decide,
/// since the order may still lead to a certificate.
void ItemRunner::take_back_order(const OpenItemPtr& open, std::string_view code, const std::string& why) {
  const auto config = runtime_.config();
  Connector* issuer = config->connectors.find(current_issuer(*open));
  Answer answer;
  answer.outcome = Outcome::Unsupported;
  answer.message = "it does not take orders back";
  if (issuer != nullptr && issuer->has_cancel()) {
    answer = call(open, *issuer, "cancel",
                  [&](const CallTerms& terms) { return issuer->cancel(open->item, terms); });
  }
  if (answer.ok() && !answer.certificate.empty()) return take_certificate(open, std::move(answer));
  if (!answer.ok() && answer.outcome != Outcome::Cancelled) {
    answer.code = code;
    answer.message = why + ", and its order was not taken back: " + answer.message;
    return hold(open, answer);
  }
  open->writes.clear();
  if (code == "item.deadline") return give_up(open, code, why);
  finish(open, ItemState::Failed, Outcome::Cancelled, code, why);
}

}  // namespace certspan
