#include "host/pipeline/item_runner.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "host/base/failpoint.hpp"
#include "host/services/call_scope.hpp"

namespace certspan {
namespace {

constexpr std::uint32_t kMostConflicts = 8;
constexpr std::chrono::milliseconds kDiskFullPause{2000};
constexpr std::chrono::milliseconds kFirstPoll{1000};
constexpr std::chrono::milliseconds kLongestPause{std::chrono::hours(24)};
constexpr RetryPolicy kLookUpPauses{
    .attempts = 0, .first = std::chrono::milliseconds(500), .most = std::chrono::milliseconds(30000)};

double random_unit() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

Step& current_step(OpenItem& open) {
  return open.item.steps[open.item.step];
}

const std::string& current_issuer(OpenItem& open) {
  return current_step(open).connectors[open.item.connector];
}

}  // namespace

void ItemRunner::start(const OpenItemPtr& open) {
  if (on_own_pool(open)) return post(open, "", [this, open] { step(open); });
  step(open);
}

void ItemRunner::step(const OpenItemPtr& open) {
  const Step step = current_step(*open);
  if (step.kind == StepKind::Issue) return issue(open, step);
  const bool was_outside = on_own_pool(open);
  if (!validate(open, step)) return;
  ++open->item.step;
  open->item.tries = 0;
  // The next step belongs on another thread only if this one or the next waits for something outside.
  if (was_outside || on_own_pool(open)) return post(open, "", [this, open] { this->step(open); });
  this->step(open);
}

// --- validators
// ------------------------------------------------------------------------------------------------------

bool ItemRunner::validate(const OpenItemPtr& open, const Step& step) {
  const std::string& name = step.connectors.front();
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(name);
  Answer answer;
  if (connector == nullptr) {
    answer.outcome = Outcome::Unavailable;
    answer.code = "connector.missing";
    answer.message = "connector \"" + name + "\" is not running";
  } else {
    answer = call(open, *connector, "validate",
                  [&](const CallTerms& terms) { return connector->validate(open->item, terms); });
  }
  switch (after_check(answer.outcome)) {
    case Action::GoOn:
      for (const auto& [label, value] : answer.labels) open->item.set_label(label, value);
      return true;
    case Action::Refuse:
      refuse(open, answer);
      return false;
    default:
      repeat_later(open, answer);
      return false;
  }
}

// --- issuing
// ---------------------------------------------------------------------------------------------------------

void ItemRunner::issue(const OpenItemPtr& open, const Step& step) {
  const auto config = runtime_.config();
  const std::string& name = step.connectors[open->item.connector];
  Connector* issuer = config->connectors.find(name);
  if (issuer == nullptr) {
    Answer answer;
    answer.outcome = Outcome::Unavailable;
    answer.code = "connector.missing";
    answer.message = "connector \"" + name + "\" is not running";
    return next_ca(open, answer);
  }
  if (!fence_request(open, *issuer)) return;
  const auto* role = issuer->role<certspan_role_issuer>();
  if (role != nullptr && (role->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0) return ask_issuer(open, "issue");
  issue_at_outside_ca(open);
}

/// Durable point C1: that this CA is about to be asked is on disk before it hears of it.
void ItemRunner::issue_at_outside_ca(const OpenItemPtr& open) {
  open->item.state = ItemState::Calling;
  ++open->item.tries;
  CERTSPAN_FAILPOINT("issue.c1");
  commit(open,
         [this, open] { post(open, current_issuer(*open), [this, open] { ask_issuer(open, "issue"); }); });
}

bool ItemRunner::fence_request(const OpenItemPtr& open, Connector& issuer) {
  static const std::vector<Bytes> kNoChain;
  const auto config = runtime_.config();
  Connector* fence = config->connectors.find(ConnectorSet::kFence);
  Answer answer;
  if (fence == nullptr) {
    answer.outcome = Outcome::Unavailable;
    answer.code = "fence.missing";
    answer.message = "the profile plugin is not loaded, and nothing is issued without it";
  } else {
    const auto chain = config->chains.get(issuer);
    const IssuedView issuers{issuer.name(), {}, chain ? *chain : kNoChain};
    answer = call(open, *fence, "check_request",
                  [&](const CallTerms& terms) { return fence->before_issue(open->item, terms, issuers); });
  }
  switch (after_check(answer.outcome)) {
    case Action::GoOn:
      return true;
    case Action::Refuse:
      refuse(open, answer);
      return false;
    default:
      repeat_later(open, answer);
      return false;
  }
}

/// `call_name`: "issue", "poll" or "lookup".
void ItemRunner::ask_issuer(const OpenItemPtr& open, std::string_view call_name) {
  const auto config = runtime_.config();
  const std::string name = current_issuer(*open);
  Connector* issuer = config->connectors.find(name);
  if (issuer == nullptr) {
    return schedule(open, kFirstPoll * 5, [this, open, call_name] { ask_issuer(open, call_name); });
  }
  const std::size_t staged = open->writes.size();
  const NoteFunction note = [&](BytesView bytes) {
    CERTSPAN_FAILPOINT("note.before");
    const auto result = runtime_.journal.note(open->item.id, open->item.epoch, bytes);
    if (result == CommitResult::Failed) runtime_.journal_failed();
    if (result != CommitResult::Committed) return Outcome::Unavailable;
    open->item.note = copy_of(bytes);
    open->durable.note = open->item.note;
    return Outcome::Ok;
  };
  CERTSPAN_FAILPOINT("issue.before");
  Answer answer = call(open, *issuer, call_name, [&](const CallTerms& terms) {
    if (call_name == "poll") return issuer->poll(open->item, terms, note);
    if (call_name == "lookup") return issuer->lookup(open->item, terms, note);
    return issuer->issue(open->item, terms, note);
  });
  CERTSPAN_FAILPOINT("issue.after");
  if (!answer.ok() && answer.outcome != Outcome::Pending) open->writes.resize(staged);
  after_issuer(open, call_name, std::move(answer));
}

void ItemRunner::after_issuer(const OpenItemPtr& open, std::string_view call_name, Answer answer) {
  const auto config = runtime_.config();
  IssuerTraits traits;
  if (Connector* issuer = config->connectors.find(current_issuer(*open))) {
    const auto* role = issuer->role<certspan_role_issuer>();
    traits.local_effects = (role->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0;
    traits.idempotent = (role->flags & CERTSPAN_ISSUER_IDEMPOTENT) != 0;
    traits.has_lookup = issuer->has_lookup();
  }
  // A poll that went wrong says nothing about the order, which stands as before.
  const bool poll_failed =
      call_name == "poll" && answer.outcome != Outcome::Ok && after_check(answer.outcome) == Action::Repeat;
  const Action action = poll_failed             ? Action::Wait
                        : call_name == "lookup" ? after_lookup(answer.outcome)
                                                : after_issue_call(answer.outcome, traits);
  switch (action) {
    case Action::GoOn:
      return take_certificate(open, std::move(answer));
    case Action::Wait:
      return wait_for_order(open, answer);
    case Action::Repeat:
      return repeat_later(open, answer);
    case Action::NextCa:
      return next_ca(open, answer);
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
  static const std::vector<Bytes> kNoChain;
  const auto config = runtime_.config();
  const std::string name = current_issuer(*open);
  Connector* issuer = config->connectors.find(name);
  Connector* fence = config->connectors.find(ConnectorSet::kFence);
  for (const auto& [label, value] : answer.labels) open->item.set_label(label, value);
  const auto chain = issuer == nullptr ? nullptr : config->chains.get(*issuer);
  Answer verdict{Outcome::Unavailable, {}, "fence.missing", "the profile plugin is not loaded", {}, {}, {}};
  if (fence != nullptr) {
    const IssuedView issued{name, answer.certificate, chain ? *chain : kNoChain};
    verdict = call(open, *fence, "check_certificate",
                   [&](const CallTerms& terms) { return fence->after_issue(open->item, terms, issued); });
  }
  open->item.issuer = name;
  if (!verdict.ok() && after_check(verdict.outcome) != Action::Refuse) return hold(open, verdict);
  if (!verdict.ok()) {
    log(LogLevel::Error, "certificate withheld", open->item,
        {{"issuer", name}, {"code", verdict.code}, {"reason", verdict.message}});
    return finish(open, ItemState::Failed, Outcome::Rejected, verdict.code,
                  "the certificate that \"" + name + "\" gave is not what was asked for: " + verdict.message);
  }
  for (const auto& [label, value] : verdict.labels) open->item.set_label(label, value);
  open->certificate = std::move(answer.certificate);
  const auto* role = issuer == nullptr ? nullptr : issuer->role<certspan_role_issuer>();
  const bool kept_by_issuer = role != nullptr && (role->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0;
  if (!kept_by_issuer) open->item.certificate = open->certificate;
  finish(open, ItemState::Done, Outcome::Ok, "", "issued by \"" + name + "\"");
}

void ItemRunner::wait_for_order(const OpenItemPtr& open, const Answer& answer) {
  const auto delay = std::min(std::max(answer.retry_after, kFirstPoll), kLongestPause);
  const bool first = open->item.state != ItemState::Pending;
  if (runtime_.clock.wall_ms() >= open->item.deadline) {
    return give_up(open, "item.deadline", "the order was still pending at the item's deadline");
  }
  open->item.state = ItemState::Pending;
  if (!answer.handle.empty()) open->item.handle = answer.handle;
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  if (!first && answer.handle.empty()) {
    return schedule(open, delay, [this, open] { ask_issuer(open, "poll"); });
  }
  commit(open, [this, open, delay] {
    const auto config = runtime_.config();
    const Pipeline* pipeline = config->graph.find(open->item.pipeline);
    if (pipeline != nullptr && pipeline->reply.then == ReplyRule::Then::Pending) {
      open->tell_pending = true;
      desk_.pending(runtime_.table.take_waiters(open), open->id);
    }
    schedule(open, delay, [this, open] { ask_issuer(open, "poll"); });
  });
}

/// Certainly not done here: the next CA of the list at once, or the first again after a pause.
void ItemRunner::next_ca(const OpenItemPtr& open, const Answer& answer) {
  const Step& step = current_step(*open);
  if (open->item.connector + 1 < step.connectors.size()) {
    ++open->item.connector;
    open->item.state = ItemState::Ready;
    return save(open, [this, open] { post(open, "", [this, open] { this->step(open); }); });
  }
  open->item.connector = 0;
  repeat_later(open, answer);
}

void ItemRunner::repeat_later(const OpenItemPtr& open, const Answer& answer) {
  const RetryPolicy policy = current_step(*open).retry;
  // A try at an outside CA was counted before the call.
  if (open->item.state != ItemState::Calling) ++open->item.tries;
  open->item.state = ItemState::Ready;
  if (open->item.tries >= policy.attempts) {
    return give_up(
        open, answer.code,
        "no success in " + std::to_string(open->item.tries) + " tries; the last one: " + answer.message);
  }
  const auto delay = back_off(policy, open->item.tries, answer.retry_after, random_unit());
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  save(open, [this, open, delay] { schedule(open, delay, [this, open] { step(open); }); });
}

void ItemRunner::look_up(const OpenItemPtr& open, const Answer& answer) {
  open->item.state = ItemState::Calling;
  const auto lookups = static_cast<std::uint32_t>(
      std::ranges::count(open->item.attempts, std::string("lookup"), &Attempt::call));
  const auto delay = back_off(kLookUpPauses, lookups, answer.retry_after, random_unit());
  if (runtime_.clock.wall_ms() >= open->item.deadline) return hold(open, answer);
  schedule(open, delay, [this, open] { ask_issuer(open, "lookup"); });
}

void ItemRunner::hold(const OpenItemPtr& open, const Answer& answer) {
  open->item.state = ItemState::Held;
  open->item.code = answer.code;
  open->item.reason =
      "may have been issued, and \"" + current_issuer(*open) + "\" can't tell: " + answer.message;
  log(LogLevel::Error, "item held", open->item,
      {{"issuer", current_issuer(*open)}, {"reason", answer.message}});
  commit(open, [open] { open->held = true; });
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
  open->item.state = state;
  open->item.outcome = outcome;
  open->item.code = code;
  open->item.reason = reason;
  CERTSPAN_FAILPOINT("finish.before");
  commit(open, [this, open] {
    CERTSPAN_FAILPOINT("finish.after");
    const WorkItem& item = open->item;
    log(item.state == ItemState::Done ? LogLevel::Info : LogLevel::Warn,
        item.state == ItemState::Done ? "issued" : "refused", item,
        {{"outcome", to_string(item.outcome)}, {"code", item.code}, {"reason", item.reason}});
    desk_.finished(runtime_.table.remove(open), item, open->certificate);
  });
}

// --- calls, time and the journal
// -------------------------------------------------------------------------------------

Answer ItemRunner::call(const OpenItemPtr& open, Connector& connector, std::string_view name,
                        const std::function<Answer(const CallTerms&)>& make) {
  WorkItem& item = open->item;
  const auto before = runtime_.clock.now();
  const CallTerms terms{item.tries == 0 ? 1 : item.tries, before + current_step(*open).timeout};
  const std::string id = to_string(item.id);
  inside_.fetch_add(1);
  Answer answer;
  {
    const CallScope scope(id, open->writes);
    answer = make(terms);
  }
  inside_.fetch_sub(1);
  Attempt attempt;
  attempt.step = item.step;
  attempt.call = name;
  attempt.connector = connector.name();
  attempt.version = connector.plugin().version();
  attempt.outcome = answer.outcome;
  attempt.code = answer.code;
  attempt.message = answer.message;
  attempt.at = runtime_.clock.wall_ms();
  attempt.took_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(runtime_.clock.now() - before).count());
  if (item.attempts.size() >= WorkItem::kMostAttempts) item.attempts.erase(item.attempts.begin());
  item.attempts.push_back(std::move(attempt));
  return answer;
}

void ItemRunner::schedule(const OpenItemPtr& open, std::chrono::milliseconds delay, Next next) {
  runtime_.timer.after(delay, [this, open, next = std::move(next)] {
    const bool at_issuer = open->item.state == ItemState::Calling || open->item.state == ItemState::Pending;
    post(open, at_issuer ? std::string_view(current_issuer(*open)) : std::string_view(), next);
  });
}

void ItemRunner::post(const OpenItemPtr& open, std::string_view connector, Next next) {
  const auto config = runtime_.config();
  if (!connector.empty()) return config->connectors.pool_of(connector, runtime_.cpu).post(std::move(next));
  if (on_own_pool(open)) {
    return config->connectors.pool_of(current_step(*open).connectors.front(), runtime_.cpu)
        .post(std::move(next));
  }
  runtime_.cpu.post(std::move(next));
}

/// Whether the current step is a validator with workers of its own. An issuer's are used for the call alone.
bool ItemRunner::on_own_pool(const OpenItemPtr& open) const {
  const Step& step = current_step(*open);
  if (step.kind != StepKind::Validate) return false;
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(step.connectors.front());
  return connector != nullptr && connector->runs_waits();
}

void ItemRunner::save(const OpenItemPtr& open, Next next) {
  if (open->stored) return commit(open, std::move(next));
  next();
}

void ItemRunner::commit(const OpenItemPtr& open, Next next) {
  open->item.changed_at = runtime_.clock.wall_ms();
  Transition transition;
  transition.item = open->item;
  transition.first = !open->stored;
  transition.writes = open->writes;
  runtime_.journal.commit(std::move(transition), [this, open, next = std::move(next)](CommitResult result) {
    runtime_.cpu.post([this, open, result, next] { committed(open, result, next); });
  });
}

void ItemRunner::committed(const OpenItemPtr& open, CommitResult result, const Next& next) {
  switch (result) {
    case CommitResult::Committed:
      open->stored = true;
      open->waits_for_room = false;
      open->conflicts = 0;
      open->writes.clear();
      open->durable = open->item;
      return next();
    case CommitResult::Conflict:
      return start_over(open);
    case CommitResult::Refused:
      // Nothing was written. What an outside CA has done must not be forgotten; a request that left no trace
      // yet can be.
      if (open->stored) return wait_for_room(open, next);
      log(LogLevel::Error, "not accepted: no room in the journal", open->item, {{"code", "journal.full"}});
      return ReplyDesk::try_later(runtime_.table.remove(open));
    case CommitResult::StaleEpoch:
    case CommitResult::KeyExists:
      log(LogLevel::Warn, "item belongs to another claim", open->item, {});
      return ReplyDesk::try_later(runtime_.table.remove(open));
    case CommitResult::Failed:
      return runtime_.journal_failed();
  }
}

void ItemRunner::wait_for_room(const OpenItemPtr& open, const Next& next) {
  if (!std::exchange(open->waits_for_room, true)) {
    log(LogLevel::Error, "waits for room in the journal", open->item, {{"code", "journal.full"}});
  }
  schedule(open, kDiskFullPause, [this, open, next] { commit(open, next); });
}

/// A store record that a call relied on has changed: the calls since the last durable point are made again.
void ItemRunner::start_over(const OpenItemPtr& open) {
  open->item = open->durable;
  open->writes.clear();
  open->certificate.clear();
  if (++open->conflicts < kMostConflicts) return post(open, "", [this, open] { step(open); });
  log(LogLevel::Warn, "item conflicts again and again", open->item, {});
  open->conflicts = 0;
  ReplyDesk::try_later(open->stored ? runtime_.table.take_waiters(open) : runtime_.table.remove(open));
  if (open->stored) schedule(open, kDiskFullPause, [this, open] { step(open); });
}

void ItemRunner::resume(const OpenItemPtr& open) {
  const WorkItem& item = open->item;
  const auto until_next =
      std::chrono::milliseconds(std::max<WallMs>(0, item.next_at - runtime_.clock.wall_ms()));
  switch (item.state) {
    case ItemState::Ready:
      return schedule(open, until_next, [this, open] { step(open); });
    case ItemState::Pending:
      return schedule(open, until_next, [this, open] { ask_issuer(open, "poll"); });
    case ItemState::Calling: {
      // The host ended while the CA was being asked: what came of it is unknown.
      Answer answer;
      answer.outcome = Outcome::Unknown;
      answer.code = "host.restarted";
      answer.message = "the host ended while this CA was being asked";
      return post(open, current_issuer(*open), [this, open, answer] { after_issuer(open, "issue", answer); });
    }
    case ItemState::Held:
    case ItemState::Done:
    case ItemState::Failed:
    case ItemState::Dead:
      return;
  }
}

void ItemRunner::retry(const OpenItemPtr& open) {
  open->item.state = ItemState::Ready;
  open->item.tries = 0;
  commit(open, [this, open] { post(open, "", [this, open] { step(open); }); });
}

void ItemRunner::log(LogLevel level, std::string_view event, const WorkItem& item,
                     std::initializer_list<LogField> more) {
  if (!runtime_.log.enabled(level)) return;
  const std::string id = to_string(item.id);
  std::vector<LogField> fields = {
      {"work", id}, {"pipeline", item.pipeline}, {"transaction", item.transaction_id}};
  fields.insert(fields.end(), more.begin(), more.end());
  runtime_.log.write(level, event, fields);
}

}  // namespace certspan
