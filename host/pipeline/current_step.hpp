#pragma once

#include <string>

#include "host/pipeline/open_item.hpp"

namespace certspan {

/// The step that an item is at. Of whoever holds its baton.
inline Step& current_step(OpenItem& open) {
  return open.item.steps[open.item.step];
}

/// The issuer that an issue step is at.
inline const std::string& current_issuer(OpenItem& open) {
  return current_step(open).connectors[open.item.connector];
}

inline bool delivers(const Step& step) {
  return step.kind == StepKind::Deliver || step.kind == StepKind::DeliverFailure;
}

/// Whether the item's client has its certificate while the item goes on.
inline bool is_behind_reply(const WorkItem& item) {
  const bool at_step = is_open(item.state) && item.step < item.steps.size();
  return at_step && item.steps[item.step].kind == StepKind::Deliver && item.steps[item.step].after_reply;
}

/// Whether the last thing that was heard of the item's step is that a person has to decide.
inline bool waits_for_person(const WorkItem& item) {
  if (item.state != ItemState::Ready || item.attempts.empty()) return false;
  const Attempt& last = item.attempts.back();
  const bool asks = last.call == "validate" || last.call == "guard";
  return last.step == item.step && asks && last.outcome == Outcome::Pending;
}

/// What one issuer said of its order means nothing to the next one, nor to a fresh call.
inline void forget_order(OpenItem& open) {
  open.item.handle.clear();
  open.item.note.clear();
}

}  // namespace certspan
