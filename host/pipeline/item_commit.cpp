// Calls, waiting, and an item's durable points.

#include <algorithm>
#include <future>
#include <utility>

#include "host/pipeline/current_step.hpp"
#include "host/pipeline/item_runner.hpp"
#include "host/services/call_scope.hpp"

namespace certspan {
namespace {

constexpr std::uint32_t kMostConflicts = 8;
constexpr std::chrono::milliseconds kDiskFullPause{2000};
/// An item that waits for a person has no time of its own.
constexpr std::uint64_t kForAPerson = UINT64_MAX;

/// The code of what keeps the journal from taking anything.
std::string_view trouble_with(CommitResult result) {
  return result == CommitResult::Locked ? "journal.locked" : "journal.full";
}

/// Whether a call says nothing against its plugin: what a CA or a validator refuses or can't do now is no
/// fault of the version that asks it.
bool went_well(const Answer& answer, std::chrono::steady_clock::time_point deadline,
               std::chrono::steady_clock::time_point now) {
  return answer.outcome != Outcome::Internal && answer.outcome != Outcome::Unknown && now <= deadline;
}

}  // namespace

Answer ItemRunner::call(const OpenItemPtr& open, Connector& connector, std::string_view name,
                        const std::function<Answer(const CallTerms&)>& make) {
  WorkItem& item = open->item;
  const auto before = runtime_.clock.now();
  const CallTerms terms{item.tries == 0 ? 1 : item.tries, before + current_step(*open).timeout};
  const std::string id = to_string(item.id);
  inside_.fetch_add(1);
  Answer answer;
  {
    const CallScope scope(id, open->writes, terms.deadline);
    answer = make(terms);
  }
  inside_.fetch_sub(1);
  connector.tally().count(went_well(answer, terms.deadline, runtime_.clock.now()));
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
  item.add_attempt(std::move(attempt));
  return answer;
}

// --- waiting
// ---------------------------------------------------------------------------------------------------------

/// Parks the item: its baton is there for the timer, and until then for a person.
void ItemRunner::schedule(const OpenItemPtr& open, std::chrono::milliseconds delay, Next next) {
  const bool at_issuer = open->item.state == ItemState::Calling || open->item.state == ItemState::Pending;
  const std::string pool = at_issuer ? current_issuer(*open) : std::string();
  open->item.next_at = runtime_.clock.wall_ms() + delay.count();
  const std::uint64_t ticket = ++tickets_;
  open->parked = ticket;
  runtime_.timer.after(delay, [this, open, ticket, pool, next = std::move(next)] {
    std::uint64_t expected = ticket;
    if (open->parked.compare_exchange_strong(expected, 0)) post(open, pool, next);
  });
}

/// Parks the item again as its state asks for.
void ItemRunner::park_until_due(const OpenItemPtr& open) {
  if (open->item.state == ItemState::Held) {
    open->parked = kForAPerson;
    return;
  }
  resume(open);
}

void ItemRunner::resume(const OpenItemPtr& open) {
  const WorkItem& item = open->item;
  const auto until_next =
      std::chrono::milliseconds(std::max<WallMs>(0, item.next_at - runtime_.clock.wall_ms()));
  switch (item.state) {
    case ItemState::Ready:
      if (waits_for_person(item)) tell_that_it_is_pending(open);
      answer_early(open);
      return schedule(open, until_next, [this, open] { step(open); });
    case ItemState::Pending:
      return schedule(open, until_next, [this, open] { ask_issuer(open, "poll"); });
    case ItemState::Calling: {
      // The host ended while the CA was being asked, or had no clear answer yet: what came of it is unknown.
      Answer answer;
      answer.outcome = Outcome::Unknown;
      answer.code = "host.restarted";
      answer.message = "the host ended before this CA had said what came of the request";
      return post(open, current_issuer(*open), [this, open, answer] { after_issuer(open, "issue", answer); });
    }
    case ItemState::Held:
      open->parked = kForAPerson;
      return;
    case ItemState::Done:
    case ItemState::Failed:
    case ItemState::Dead:
      return;
  }
}

void ItemRunner::post(const OpenItemPtr& open, std::string_view connector, Next next) {
  const bool own_pool = connector.empty() && on_own_pool(open);
  const std::string name(own_pool ? std::string_view(current_step(*open).connectors.front()) : connector);
  // A reload may stop the pool just now; then it has put another one in its place.
  for (int tries = 0; tries < 2; ++tries) {
    const auto config = runtime_.config();
    // A job that is not taken is left as it was. NOLINTNEXTLINE(bugprone-use-after-move)
    if (config->connectors.pool_of(name, runtime_.cpu).post({open->pipeline}, std::move(next))) return;
  }
  log(LogLevel::Debug, "left for the next start", open->item, {});
}

/// Whether the current step is a validator or deliverer with workers of its own. An issuer's are used for the
/// call alone.
bool ItemRunner::on_own_pool(const OpenItemPtr& open) const {
  const Step& step = current_step(*open);
  if (step.kind == StepKind::Issue || step.kind == StepKind::Revoke) return false;
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(step.connectors.front());
  return connector != nullptr && connector->runs_waits();
}

// --- the journal
// -----------------------------------------------------------------------------------------------------

void ItemRunner::save(const OpenItemPtr& open, Next next) {
  if (open->stored) return commit(open, std::move(next));
  next();
}

/// Makes the item as it stands durable, then goes on.
void ItemRunner::commit(const OpenItemPtr& open, Next next) {
  open->item.changed_at = runtime_.clock.wall_ms();
  Transition transition;
  transition.item = open->item;
  transition.first = !open->stored;
  transition.writes = open->writes;
  runtime_.journal.commit(std::move(transition), [this, open, next = std::move(next)](CommitResult result) {
    runtime_.cpu.post({open->pipeline}, [this, open, result, next] { committed(open, result, next); });
  });
}

bool ItemRunner::keep(const OpenItemPtr& open) {
  Transition transition;
  transition.item = open->item;
  transition.first = true;
  transition.writes = open->writes;
  std::promise<CommitResult> result;
  runtime_.journal.commit(std::move(transition), [&](CommitResult how) { result.set_value(how); });
  const CommitResult how = result.get_future().get();
  if (how == CommitResult::Failed) runtime_.journal_failed();
  if (how != CommitResult::Committed) {
    log(LogLevel::Error, "not accepted: the journal took nothing", open->item, {{"code", trouble_with(how)}});
    runtime_.table.remove(open);
    return false;
  }
  open->stored = true;
  open->writes.clear();
  open->durable = open->item;
  resume(open);
  return true;
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
    case CommitResult::Locked:
    case CommitResult::Refused:
      // Nothing was written. What an outside CA has done must not be forgotten; a request that left no trace
      // yet can be.
      if (open->stored) return wait_for_room(open, result, next);
      release_admission(open);
      log(LogLevel::Error, "not accepted: the journal took nothing", open->item,
          {{"code", trouble_with(result)}});
      return ReplyDesk::try_later(runtime_.table.remove(open));
    case CommitResult::TooLarge:
      return end_too_large(open);
    case CommitResult::StaleEpoch:
    case CommitResult::KeyExists:
      release_admission(open);
      log(LogLevel::Warn, "item belongs to another claim", open->item, {});
      return ReplyDesk::try_later(runtime_.table.remove(open));
    case CommitResult::Failed:
      return runtime_.journal_failed();
  }
}

/// The commit is tried again; nobody else may take the item meanwhile, so it is not parked.
void ItemRunner::wait_for_room(const OpenItemPtr& open, CommitResult result, const Next& next) {
  if (!std::exchange(open->waits_for_room, true)) {
    log(LogLevel::Error, "waits for the journal", open->item, {{"code", trouble_with(result)}});
  }
  runtime_.timer.after(kDiskFullPause, [this, open, next] {
    runtime_.cpu.post({open->pipeline}, [this, open, next] { commit(open, next); });
  });
}

/// What the item has grown to is over a limit of the journal's, and would be at the next try too: it ends as
/// it last was. What a CA outside may have done since is for a person to find out.
void ItemRunner::end_too_large(const OpenItemPtr& open) {
  constexpr std::string_view kCode = "journal.too_large";
  release_admission(open);
  open->item = open->durable;
  open->writes.clear();
  open->certificate.clear();
  if (std::exchange(open->too_large, true)) {
    // Not even its end can be kept: nothing has been, or a person decides.
    log(LogLevel::Error, "too large for the journal", open->item, {{"code", kCode}});
    if (!open->stored) return ReplyDesk::try_later(runtime_.table.remove(open));
    open->parked = kForAPerson;
    return;
  }
  if (open->stored && (open->item.state == ItemState::Calling || open->item.state == ItemState::Pending)) {
    Answer answer;
    answer.code = kCode;
    answer.message = "what came of it is too large to keep";
    return hold(open, answer);
  }
  finish(open, ItemState::Failed, Outcome::Rejected, kCode,
         "the request, or what its connectors keep of it, is too large for the journal");
}

/// A store record that a call relied on has changed: the calls since the last durable point are made again,
/// but a CA outside is asked what came of its call.
void ItemRunner::start_over(const OpenItemPtr& open) {
  release_admission(open);
  open->item = open->durable;
  open->writes.clear();
  open->certificate.clear();
  if (open->item.state != ItemState::Ready) return resume(open);
  if (++open->conflicts < kMostConflicts) return post(open, "", [this, open] { step(open); });
  log(LogLevel::Warn, "item conflicts again and again", open->item, {});
  open->conflicts = 0;
  ReplyDesk::try_later(open->stored ? runtime_.table.take_waiters(open) : runtime_.table.remove(open));
  if (open->stored) schedule(open, kDiskFullPause, [this, open] { step(open); });
}

/// The call that an issuer's health let in is not made after all.
void ItemRunner::release_admission(const OpenItemPtr& open) {
  if (open->admitted == nullptr) return;
  std::exchange(open->admitted, nullptr)
      ->took(Outcome::Cancelled, std::chrono::milliseconds(0), runtime_.clock.now());
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
