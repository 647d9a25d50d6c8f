#pragma once

#include <string>
#include <vector>

#include "host/journal/journal.hpp"

namespace certspan::testing {

/// A key that differs with `number`.
ItemKey key_of(std::uint64_t number);

/// An open item with every field that a fresh item has.
WorkItem fresh_item(WorkId id, std::uint64_t number);
/// The same item after it was issued.
WorkItem issued(WorkItem item);

StoreWrite store_write(std::string connector, std::string key, std::uint64_t expected, std::string value);

/// Commits and waits for the answer.
CommitResult commit_now(Journal& journal, Transition transition);
/// Hands all over at once, so that they meet in one group as far as possible, and waits for all answers.
std::vector<CommitResult> commit_together(Journal& journal, std::vector<Transition> transitions);

}  // namespace certspan::testing
