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

/// What one issuer said of its order means nothing to the next one, nor to a fresh call.
inline void forget_order(OpenItem& open) {
  open.item.handle.clear();
  open.item.note.clear();
}

}  // namespace certspan
