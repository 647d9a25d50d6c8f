// Asking CAs outside what they did for an item in the time that a restore lost.

#include "host/pipeline/lost_time.hpp"

#include <algorithm>
#include <utility>

#include "host/pipeline/current_step.hpp"
#include "host/pipeline/item_runner.hpp"
#include "host/pipeline/turn.hpp"

namespace certspan {
namespace {

constexpr std::chrono::milliseconds kMissingIssuerPause{5000};

bool is_told(const WorkItem& item, std::string_view issuer, const LostTime& lost, bool earlier) {
  return std::ranges::any_of(item.attempts, [&](const Attempt& attempt) {
    const bool promise = attempt.outcome == Outcome::Cancelled &&
                         (attempt.call == "resolve" || (attempt.call == kLookUpEarlier) == earlier);
    return attempt.step == item.step && attempt.connector == issuer && attempt.at >= lost.since &&
           (attempt.call == "issue" || promise);
  });
}

}  // namespace

bool may_have_issued(const WorkItem& item, std::string_view issuer, const LostTime& lost) {
  return item.accepted_at < lost.until && !is_told(item, issuer, lost, false);
}

bool may_have_issued_earlier(const WorkItem& item, std::string_view issuer, const LostTime& lost) {
  if (item.accepted_at >= lost.until || item.turn == 0 || !is_first_turn(item.turn)) return false;
  const WallMs oldest_repeat = item.accepted_at - (lost.until - lost.since);
  return first_turn(oldest_repeat) != first_turn(item.accepted_at) && !is_told(item, issuer, lost, true);
}

/// Whether the step's CAs have all promised that they did nothing for the item in the time that was lost, so
/// that one of them may issue. If not, goes on towards that. A CA that repeats itself needs no promise, if it
/// is the only one and no other is asked afterwards. One that can do neither leaves the item to a person.
bool ItemRunner::knows_lost_time(const OpenItemPtr& open, const Step& step) {
  if (open->item.accepted_at >= runtime_.lost_time.until) return true;
  // The host may have ended while it asked for the earlier turn.
  if (open->item.turn != 0 && is_first_turn(open->item.turn))
    open->item.turn = first_turn(open->item.accepted_at);
  const auto config = runtime_.config();
  std::optional<std::uint32_t> repeats_itself;
  for (std::uint32_t i = 0; i < step.connectors.size(); ++i) {
    const bool earlier = may_have_issued_earlier(open->item, step.connectors[i], runtime_.lost_time);
    if (!earlier && !may_have_issued(open->item, step.connectors[i], runtime_.lost_time)) continue;
    const Connector* issuer = config->connectors.find(step.connectors[i]);
    if (issuer == nullptr) {
      schedule(open, kMissingIssuerPause, [this, open] { this->step(open); });
      return false;
    }
    const auto* role = issuer->role<certspan_role_issuer>();
    // What it did is in the journal, or lost with it.
    if ((role->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0) continue;
    const bool idempotent = (role->flags & CERTSPAN_ISSUER_IDEMPOTENT) != 0;
    if (!issuer->has_lookup() && idempotent && !earlier && !repeats_itself) {
      repeats_itself = i;
      continue;
    }
    open->item.connector = i;
    if (issuer->has_lookup()) {
      look_back(open, earlier);
    } else {
      hold_lost(open);
    }
    return false;
  }
  if (repeats_itself) {
    open->item.connector = *repeats_itself;
    open->unsure = true;
  }
  return true;
}

/// Durable as a call that may have been done: a host that ends here asks again.
void ItemRunner::look_back(const OpenItemPtr& open, bool earlier) {
  open->looking_earlier = earlier;
  if (earlier) open->item.turn = earlier_turn(open->item.turn);
  open->item.state = ItemState::Calling;
  ++open->item.tries;
  ++open->looked_back;
  open->looking_back = open->unsure = true;
  forget_order(*open);
  commit(open,
         [this, open] { post(open, current_issuer(*open), [this, open] { ask_issuer(open, "lookup"); }); });
}

void ItemRunner::hold_lost(const OpenItemPtr& open) {
  Answer answer;
  answer.code = "host.restored";
  answer.message = "the journal was put back from a backup, and what this CA did after it is not known";
  hold(open, answer);
}

/// This CA did nothing in the time that was lost; the others are asked, then the first one issues.
void ItemRunner::looked_back(const OpenItemPtr& open) {
  if (std::exchange(open->looking_earlier, false)) {
    open->item.turn = first_turn(open->item.accepted_at);
    open->item.attempts.back().call = kLookUpEarlier;
  }
  open->looking_back = open->unsure = false;
  open->item.connector = 0;
  open->item.state = ItemState::Ready;
  save(open, [this, open] { post(open, "", [this, open] { step(open); }); });
}

}  // namespace certspan
