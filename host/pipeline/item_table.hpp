#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <unordered_map>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/pipeline/open_item.hpp"

namespace certspan {

struct ItemKeyHash {
  std::size_t operator()(const ItemKey& key) const {
    std::size_t hash = 0;
    std::memcpy(&hash, key.data(), sizeof(hash));
    return hash;
  }
};

/// The items that are under way in this host, and the clients that wait for each. Finds repeats of an open
/// item, so that the same key is worked on once. Thread-safe.
class ItemTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Clients that may wait for one item: who repeats himself faster than he is answered takes no more memory.
  static constexpr std::size_t kMostWaiters = 16;

  /// `limit`: items at a time; beyond it new ones are turned away. Where there are several pipelines, each
  /// may have as many as there are free places: a CA that is stuck fills half of them, two fill a third each,
  /// and there is always room for the others.
  explicit ItemTable(std::size_t limit) : limit_(limit) {}

  /// How many pipelines there are now.
  void set_pipelines(std::size_t count) { several_pipelines_ = count > 1; }

  enum class Entry { Fresh, Repeat, PollKeyInUse, Full };
  struct Entered {
    Entry entry;
    OpenItemPtr item;
  };
  /// Makes `waiter` (null: nobody waits) wait for the item with this key; makes that item if there is none.
  /// On PollKeyInUse (another open item has the poll key) and Full (so many items, or so many clients of this
  /// one) the waiter is left to the caller.
  Entered enter(const ItemKey& key, const std::optional<ItemKey>& poll_key, const std::string& pipeline,
                Waiter* waiter);
  /// Puts an item of the journal in, as a starting host does.
  void restore(const OpenItemPtr& item);

  OpenItemPtr find_by_poll_key(const ItemKey& poll_key) const;
  OpenItemPtr find(WorkId id) const;
  /// Adds a waiter to an item; false if the item has left the table, or so many wait for it.
  bool wait(const OpenItemPtr& item, Waiter& waiter);

  /// Takes the waiters away, to be answered.
  std::vector<Waiter> take_waiters(const OpenItemPtr& item);
  /// The same, and the item leaves the table: a repeat that comes later starts anew or is answered from the
  /// journal.
  std::vector<Waiter> remove(const OpenItemPtr& item);

  struct Expired {
    OpenItemPtr item;
    std::vector<Waiter> waiters;
  };
  /// Takes away the waiters whose time is over.
  std::vector<Expired> expire(TimePoint now);

  std::size_t size() const;
  /// Open items of each pipeline that has any.
  std::map<std::string, std::size_t> by_pipeline() const;
  std::size_t waiting() const;
  std::vector<OpenItemPtr> all() const;

 private:
  void add(const OpenItemPtr& item) CERTSPAN_REQUIRES(mutex_);
  bool full(const std::string& pipeline) const CERTSPAN_REQUIRES(mutex_);

  const std::size_t limit_;
  std::atomic<bool> several_pipelines_{false};
  mutable Mutex mutex_;
  std::unordered_map<ItemKey, OpenItemPtr, ItemKeyHash> by_key_ CERTSPAN_GUARDED_BY(mutex_);
  std::unordered_map<ItemKey, OpenItemPtr, ItemKeyHash> by_poll_key_ CERTSPAN_GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> by_pipeline_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
