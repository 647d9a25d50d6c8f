#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "host/journal/journal.hpp"
#include "host/services/exchange.hpp"

namespace certspan {

/// A client that waits to be told how an item stands.
struct Waiter {
  HttpExchange exchange;
  std::string source;
  std::string transaction_id;
  Bytes context;  ///< what the source needs to make the reply; memory only
  std::chrono::steady_clock::time_point until;
};

/// An item while it is under way. One thread at a time works on it (whoever runs its step or its commit's continuation holds
/// the baton), so nothing here is locked but `waiters`, which belongs to the ItemTable.
struct OpenItem {
  WorkItem item;
  /// As it stood at its last durable point, or when it was taken in: what a conflicting commit goes back to.
  WorkItem durable;
  bool stored = false;               ///< has a row in the journal
  std::vector<StoreWrite> writes;    ///< staged since then
  Bytes certificate;                 ///< issued, on its way into the journal or to the client
  std::uint32_t conflicts = 0;       ///< commits in a row that conflicted
  std::vector<Waiter> waiters;
};

using OpenItemPtr = std::shared_ptr<OpenItem>;  // shared by the table, pools, timer and journal: whoever is last drops it

}  // namespace certspan
