#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// Which work items are meant: those that fit every field that is set.
struct ItemFilter {
  bool open = true;
  bool finished = true;
  std::optional<ItemState> state;
  std::string pipeline;
  std::string source;
  std::string connector;        ///< named in a step
  std::optional<WallMs> since;  ///< accepted then or later
  std::optional<WallMs> until;  ///< accepted before
  std::string transaction_id;
  std::string serial;   ///< as normal_serial has it
  std::string subject;  ///< a part of it; ASCII letters are compared without case
  std::string name;     ///< a whole one, as bears_name has it
  std::size_t limit = 100;

  bool wants_open() const { return open && (!state || is_open(*state)); }
  bool wants_finished() const { return finished && (!state || !is_open(*state)); }
  /// Whether it is one person's or one device's work that is meant.
  bool names_somebody() const {
    return !transaction_id.empty() || !serial.empty() || !subject.empty() || !name.empty();
  }
  /// The limit is not looked at.
  bool takes(const WorkItem& item) const;
};

/// A part of all items by their ids, without both ends.
struct ItemRange {
  WorkId after{};
  WorkId before{kEnd};
  bool newest_first = false;

  static constexpr WorkId kEnd{static_cast<std::uint64_t>(INT64_MAX)};
};

/// What was found in a part of a range. The rest of the range lies behind `last`.
struct ItemPage {
  std::vector<WorkItem> items;  ///< without their secrets
  WorkId last{};                ///< looked at
  bool more = false;            ///< there may be
};

}  // namespace certspan
