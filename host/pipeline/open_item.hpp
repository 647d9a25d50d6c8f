#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/journal/journal.hpp"
#include "host/pipeline/issuer_health.hpp"
#include "host/services/exchange.hpp"

namespace certspan {

class Connector;

/// A client that waits to be told how an item stands.
struct Waiter {
  HttpExchangePtr exchange;
  std::string source;
  std::string transaction_id;
  Bytes context;  ///< what the source needs to make the reply; memory only
  /// The generation of the source that made the context, and alone can make the reply.
  std::shared_ptr<Connector> maker;
  std::chrono::steady_clock::time_point until;
};

/// An item while it is under way. One thread at a time works on it (whoever runs its step or its commit's
/// continuation holds the baton), so most of it is not locked. What other threads may look at meanwhile
/// stands first.
struct OpenItem {
  OpenItem(const ItemKey& key_, const std::optional<ItemKey>& poll_key_, std::string pipeline_)
      : key(key_), poll_key(poll_key_), pipeline(std::move(pipeline_)) {}

  const ItemKey key;
  const std::optional<ItemKey> poll_key;
  const std::string pipeline;
  std::atomic<WorkId> id{};
  std::atomic<bool> stored{false};        ///< has a row in the journal
  std::atomic<bool> tell_pending{false};  ///< the order is pending and the pipeline lets clients hear so
  /// What clients are answered though the item is still open: it is issued, and somebody is told of it behind
  /// their back. Null before.
  std::atomic<std::shared_ptr<const WorkItem>> answer;
  /// Not 0: nobody works on the item, it waits for a time or for a person. Whoever sets this to 0 gets the
  /// baton.
  std::atomic<std::uint64_t> parked{0};
  std::vector<Waiter> waiters;  ///< guarded by the ItemTable's mutex

  // Of whoever holds the baton.
  WorkItem item;
  /// As it stood at its last durable point, or when it was taken in: what a conflicting commit goes back to.
  WorkItem durable;
  std::vector<StoreWrite> writes;  ///< staged since then
  Bytes certificate;               ///< issued, on its way into the journal or to the client
  std::uint32_t conflicts = 0;     ///< commits in a row that conflicted
  bool waits_for_room = false;     ///< its last commit found a full disk
  bool too_large = false;          ///< a commit was over a limit of the journal's
  /// An earlier call at this issuer may have been done: no other one may be asked until it says what came of
  /// it.
  bool unsure = false;
  /// Its issuer is asked what it did in the time that a restore lost.
  bool looking_back = false;
  bool looking_earlier = false;      ///< under its turn of 30 days ago
  std::uint32_t looked_back = 0;     ///< tries that went into such questions
  IssuerHealth* admitted = nullptr;  ///< let the item's next call in, and has not yet heard what came of it
};

using OpenItemPtr =
    std::shared_ptr<OpenItem>;  // shared by the table, pools, timer and journal: whoever is last drops it

}  // namespace certspan
