#include "host/pipeline/item_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace certspan {

ItemTable::Entered ItemTable::enter(const ItemKey& key, const std::optional<ItemKey>& poll_key,
                                    const std::string& pipeline, Waiter* waiter) {
  MutexLock lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    if (waiter != nullptr) {
      if (found->second->waiters.size() >= kMostWaiters) return {Entry::Full, nullptr};
      found->second->waiters.push_back(std::move(*waiter));
    }
    return {Entry::Repeat, found->second};
  }
  if (poll_key && by_poll_key_.contains(*poll_key)) return {Entry::PollKeyInUse, nullptr};
  if (full(pipeline)) return {Entry::Full, nullptr};
  auto item = std::make_shared<OpenItem>(key, poll_key, pipeline);
  if (waiter != nullptr) item->waiters.push_back(std::move(*waiter));
  add(item);
  return {Entry::Fresh, item};
}

bool ItemTable::full(const std::string& pipeline) const {
  if (by_key_.size() >= limit_) return true;
  if (!several_pipelines_) return false;
  const auto own = by_pipeline_.find(pipeline);
  return own != by_pipeline_.end() && own->second >= limit_ - by_key_.size();
}

void ItemTable::add(const OpenItemPtr& item) {
  if (!by_key_.emplace(item->key, item).second) return;
  if (item->poll_key) by_poll_key_.emplace(*item->poll_key, item);
  ++by_pipeline_[item->pipeline];
}

void ItemTable::restore(const OpenItemPtr& item) {
  MutexLock lock(mutex_);
  add(item);
}

OpenItemPtr ItemTable::find_by_poll_key(const ItemKey& poll_key) const {
  MutexLock lock(mutex_);
  const auto found = by_poll_key_.find(poll_key);
  return found == by_poll_key_.end() ? nullptr : found->second;
}

OpenItemPtr ItemTable::find(WorkId id) const {
  MutexLock lock(mutex_);
  for (const auto& [key, item] : by_key_) {
    if (item->id.load() == id) return item;
  }
  return nullptr;
}

bool ItemTable::wait(const OpenItemPtr& item, Waiter& waiter) {
  MutexLock lock(mutex_);
  const auto found = by_key_.find(item->key);
  if (found == by_key_.end() || found->second != item) return false;
  if (item->waiters.size() >= kMostWaiters) return false;
  item->waiters.push_back(std::move(waiter));
  return true;
}

std::vector<Waiter> ItemTable::take_waiters(const OpenItemPtr& item) {
  MutexLock lock(mutex_);
  return std::exchange(item->waiters, {});
}

std::vector<Waiter> ItemTable::remove(const OpenItemPtr& item) {
  MutexLock lock(mutex_);
  if (const auto found = by_key_.find(item->key); found != by_key_.end() && found->second == item) {
    by_key_.erase(found);
    const auto own = by_pipeline_.find(item->pipeline);
    if (--own->second == 0) by_pipeline_.erase(own);
  }
  if (item->poll_key) {
    const auto found = by_poll_key_.find(*item->poll_key);
    if (found != by_poll_key_.end() && found->second == item) by_poll_key_.erase(found);
  }
  return std::exchange(item->waiters, {});
}

std::vector<ItemTable::Expired> ItemTable::expire(TimePoint now) {
  MutexLock lock(mutex_);
  std::vector<Expired> expired;
  for (const auto& [key, item] : by_key_) {
    const auto late = std::partition(item->waiters.begin(), item->waiters.end(),
                                     [&](const Waiter& waiter) { return waiter.until > now; });
    if (late == item->waiters.end()) continue;
    expired.push_back({item, {std::make_move_iterator(late), std::make_move_iterator(item->waiters.end())}});
    item->waiters.erase(late, item->waiters.end());
  }
  return expired;
}

std::size_t ItemTable::size() const {
  MutexLock lock(mutex_);
  return by_key_.size();
}

std::map<std::string, std::size_t> ItemTable::by_pipeline() const {
  MutexLock lock(mutex_);
  return by_pipeline_;
}

std::size_t ItemTable::waiting() const {
  MutexLock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [key, item] : by_key_) count += item->waiters.size();
  return count;
}

std::vector<OpenItemPtr> ItemTable::all() const {
  MutexLock lock(mutex_);
  std::vector<OpenItemPtr> items;
  items.reserve(by_key_.size());
  for (const auto& [key, item] : by_key_) items.push_back(item);
  return items;
}

}  // namespace certspan
