#include "host/pipeline/intake.hpp"

#include <utility>

#include <openssl/sha.h>

#include "host/base/failpoint.hpp"
#include "host/base/wall_text.hpp"
#include "host/pipeline/taken_labels.hpp"
#include "host/pipeline/turn.hpp"

namespace certspan {
namespace {

/// Items that this thread submitted inside a source's `handle` and that start when it has returned.
std::vector<OpenItemPtr>& accepted_here() {
  thread_local std::vector<OpenItemPtr> accepted;
  return accepted;
}

/// The configuration whose source this thread is inside; null: of none.
const RunningConfig*& handling_here() {
  thread_local const RunningConfig* handling = nullptr;
  return handling;
}

std::vector<Waiter> only(Waiter waiter) {
  std::vector<Waiter> one;
  one.push_back(std::move(waiter));
  return one;
}

/// Renewal is due when less than a third of the certificate's life is left: from then on a repeat asks for a
/// new one.
bool renewal_due(const WorkItem& item, WallMs now) {
  const auto end = read_wall_text(item.label("not_after"));
  return end && now > *end - (*end - item.changed_at) / 3;
}

tl::unexpected<Error> asked_again(WorkId dead, WorkId newer) {
  return fail(Outcome::Rejected, "work.asked_again",
              "the device has asked again since " + to_string(dead) + " ended; see " + to_string(newer));
}

}  // namespace

Intake::Handling::Handling(const std::shared_ptr<const RunningConfig>& config) {
  handling_here() = config.get();
}

Intake::Handling::~Handling() {
  handling_here() = nullptr;
}

void Intake::submit(Submission submission, HttpExchangePtr exchange, Bytes reply_context) {
  const auto config = runtime_.config();
  const Pipeline* pipeline = config->graph.match(submission.source, submission.message, submission.labels);
  const ReplyRule rule = pipeline == nullptr ? ReplyRule{} : pipeline->reply;
  Waiter waiter = make_waiter(submission.source, submission.transaction_id, std::move(exchange),
                              std::move(reply_context), rule.within);
  if (!accepting_) return ReplyDesk::try_later(only(std::move(waiter)));
  if (pipeline == nullptr) return turn_away(std::move(waiter), Outcome::Rejected, "pipeline.no_match");
  const auto [entry, open] =
      runtime_.table.enter(submission.key, submission.poll_key, pipeline->name, &waiter);
  switch (entry) {
    case ItemTable::Entry::Fresh:
      return accept(open, std::move(submission), *pipeline);
    case ItemTable::Entry::Repeat:
      if (const auto answer = open->answer.load()) {
        return desk_.finished(runtime_.table.take_waiters(open), *answer, answer->certificate);
      }
      if (open->tell_pending) desk_.pending(runtime_.table.take_waiters(open), open->id);
      return;
    case ItemTable::Entry::PollKeyInUse:
      return turn_away(std::move(waiter), Outcome::Rejected, "submit.transaction_in_use");
    case ItemTable::Entry::Full:
      return ReplyDesk::try_later(only(std::move(waiter)));
  }
}

Outcome Intake::bring(Submission submission) {
  if (!accepting_) return Outcome::Unavailable;
  const auto config = runtime_.config();
  const Pipeline* pipeline = config->graph.match(submission.source, submission.message, submission.labels);
  if (pipeline == nullptr) return Outcome::Rejected;
  const auto [entry, open] = runtime_.table.enter(submission.key, std::nullopt, pipeline->name, nullptr);
  if (entry == ItemTable::Entry::Repeat) return open->stored ? Outcome::Ok : Outcome::Unavailable;
  if (entry != ItemTable::Entry::Fresh) return Outcome::Unavailable;
  const auto known = runtime_.journal.find_by_key(submission.key);
  if (!known) {
    runtime_.table.remove(open);
    return Outcome::Unavailable;
  }
  fill(*open, std::move(submission));
  begin(*open, *pipeline, *known);
  return runner_.keep(open) ? Outcome::Ok : Outcome::Unavailable;
}

void Intake::accept(const OpenItemPtr& open, Submission submission, const Pipeline& pipeline) {
  const auto known = runtime_.journal.find_by_key(open->key);
  if (!known) return ReplyDesk::try_later(runtime_.table.remove(open));
  if (*known && answer_from(**known, open)) return;
  if (runtime_.config()->connectors.full_for(pipeline)) {
    return ReplyDesk::try_later(runtime_.table.remove(open));
  }
  fill(*open, std::move(submission));
  begin(*open, pipeline, *known);
  accepted_here().push_back(open);
}

/// What comes with the request.
void Intake::fill(OpenItem& open, Submission submission) {
  WorkItem& item = open.item;
  item.key = submission.key;
  item.poll_key = submission.poll_key;
  item.source = std::move(submission.source);
  item.message = std::move(submission.message);
  item.transaction_id = std::move(submission.transaction_id);
  item.request = std::move(submission.request);
  SHA256(item.request.data(), item.request.size(), item.request_digest.data());
  item.signer = std::move(submission.signer);
  item.labels = std::move(submission.labels);
  drop_protected(item.labels);
}

Result<OpenItemPtr> Intake::revive(const WorkItem& dead) {
  if (!accepting_) return fail(Outcome::Unavailable, "submit.closed", "the host takes no work in now");
  const auto config = runtime_.config();
  const Pipeline* pipeline = config->graph.match(dead.source, dead.message, dead.labels);
  if (pipeline == nullptr) {
    return fail(Outcome::Rejected, "pipeline.no_match",
                "no pipeline takes " + to_string(dead.id) + " any more");
  }
  const auto [entry, open] = runtime_.table.enter(dead.key, dead.poll_key, pipeline->name, nullptr);
  if (entry == ItemTable::Entry::Repeat) return asked_again(dead.id, open->id);
  if (entry != ItemTable::Entry::Fresh) {
    return fail(Outcome::Unavailable, "submit.full", "too much work is under way; try again in a moment");
  }
  const auto newest = runtime_.journal.find_by_key(dead.key);
  if (!newest || !*newest || (*newest)->id != dead.id) {
    runtime_.table.remove(open);
    if (!newest) return tl::unexpected(newest.error());
    return asked_again(dead.id, *newest ? (*newest)->id : WorkId{});
  }
  WorkItem& item = open->item;
  item = dead;
  item.attempts.clear();
  item.handle.clear();
  item.note.clear();
  item.code.clear();
  item.reason = "again for the dead letter " + to_string(dead.id);
  item.outcome = Outcome::Pending;
  item.state = ItemState::Ready;
  item.epoch = item.step = item.connector = item.tries = 0;
  begin(*open, *pipeline, dead);
  return open;
}

/// The parts of a new item that do not come with its request. `before`: the newest finished item of this
/// request.
void Intake::begin(OpenItem& open, const Pipeline& pipeline, const std::optional<WorkItem>& before) {
  WorkItem& item = open.item;
  item.id = runtime_.journal.next_id();
  item.pipeline = pipeline.name;
  item.steps = pipeline.steps;
  item.accepted_at = item.changed_at = runtime_.clock.wall_ms();
  item.deadline = item.accepted_at + pipeline.deadline.count();
  item.turn = before ? next_turn(*before, item.accepted_at) : first_turn(item.accepted_at);
  open.durable = item;
  open.id = item.id;
}

void Intake::run_accepted() {
  std::vector<OpenItemPtr> accepted = std::exchange(accepted_here(), {});
  for (const OpenItemPtr& open : accepted) {
    CERTSPAN_FAILPOINT("item.start");
    runner_.start(open);
  }
}

bool Intake::still_answers(const WorkItem& item) const {
  const WallMs age = runtime_.clock.wall_ms() - item.changed_at;
  switch (item.state) {
    case ItemState::Done:
      return age < policy_.repeat_window.count() && !renewal_due(item, runtime_.clock.wall_ms());
    case ItemState::Failed:
      return age < policy_.failure_window.count();
    default:
      return false;
  }
}

bool Intake::answer_from(const WorkItem& known, const OpenItemPtr& open) {
  if (!still_answers(known)) return false;
  // Nobody is handed a revoked certificate again: the same bytes are a new request, which has to pass anew.
  const auto revoked = runtime_.revocations.is_revoked(known.id);
  if (!revoked) {
    ReplyDesk::try_later(runtime_.table.remove(open));
    return true;
  }
  if (*revoked) return false;
  tell_finished(known, runtime_.table.remove(open));
  return true;
}

/// The certificate stands once: in the finished row, or with the issuer that keeps a ledger of its own.
void Intake::tell_finished(const WorkItem& item, std::vector<Waiter> waiters) {
  if (item.state != ItemState::Done || !item.certificate.empty()) {
    return desk_.finished(std::move(waiters), item, item.certificate);
  }
  const auto config = runtime_.config();
  Connector* issuer = config->connectors.find(item.issuer);
  if (issuer == nullptr) return ReplyDesk::try_later(waiters);
  const CallTerms terms{1, runtime_.clock.now() + std::chrono::seconds(20)};
  const Answer answer = issuer->lookup(item, terms);
  if (!answer.ok()) return ReplyDesk::try_later(waiters);
  desk_.finished(std::move(waiters), item, answer.certificate);
}

void Intake::poll(std::string_view source, const ItemKey& poll_key, std::string_view transaction_id,
                  HttpExchangePtr exchange, Bytes reply_context) {
  Waiter waiter =
      make_waiter(source, transaction_id, std::move(exchange), std::move(reply_context), ReplyRule{}.within);
  if (!accepting_) return ReplyDesk::try_later(only(std::move(waiter)));
  if (const OpenItemPtr open = runtime_.table.find_by_poll_key(poll_key)) {
    if (const auto answer = open->answer.load()) {
      return desk_.finished(only(std::move(waiter)), *answer, answer->certificate);
    }
    if (open->tell_pending) return desk_.pending(only(std::move(waiter)), open->id);
    if (runtime_.table.wait(open, waiter)) return;
  }
  auto known = runtime_.journal.find_by_poll_key(poll_key, transaction_id);
  if (!known) return ReplyDesk::try_later(only(std::move(waiter)));
  if (!*known) return turn_away(std::move(waiter), Outcome::Rejected, "submit.not_found");
  if (is_open((*known)->state)) return ReplyDesk::try_later(only(std::move(waiter)));
  // Nothing more comes of a dead letter by itself: a device that hears so asks anew.
  if ((*known)->state == ItemState::Dead) {
    return turn_away(std::move(waiter), Outcome::Rejected, "work.dead_letter");
  }
  const auto revoked = runtime_.revocations.is_revoked((*known)->id);
  if (!revoked) return ReplyDesk::try_later(only(std::move(waiter)));
  if (*revoked) return turn_away(std::move(waiter), Outcome::Rejected, "work.revoked");
  tell_finished(**known, only(std::move(waiter)));
}

Waiter Intake::make_waiter(std::string_view source, std::string_view transaction_id, HttpExchangePtr exchange,
                           Bytes context, std::chrono::milliseconds within) const {
  const RunningConfig* handling = handling_here();
  auto maker =
      handling != nullptr ? handling->connectors.share(source) : runtime_.config()->connectors.share(source);
  return {std::move(exchange), std::string(source), std::string(transaction_id),
          std::move(context),  std::move(maker),    runtime_.clock.now() + within};
}

void Intake::turn_away(Waiter waiter, Outcome outcome, std::string_view code) {
  runtime_.log.write(LogLevel::Warn, "turned away",
                     {{"connector", waiter.source}, {"transaction", waiter.transaction_id}, {"code", code}});
  desk_.refused(only(std::move(waiter)), outcome, code);
}

}  // namespace certspan
