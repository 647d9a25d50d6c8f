#include "host/pipeline/fair_queue.hpp"

#include <utility>

namespace certspan {
namespace {

/// The entry with that name, which is the last in turn if it is new.
template <typename Entry, typename Index>
Entry& entry_of(std::string_view name, std::list<Entry>& turns, Index& index) {
  const auto [found, fresh] = index.try_emplace(std::string(name));
  if (fresh) {
    Entry entry;
    entry.name = name;
    found->second = turns.insert(turns.end(), std::move(entry));
  }
  return *found->second;
}

/// The first one had its turn: it goes to the end, or away if it has nothing left.
template <typename Entry, typename Index>
void had_turn(bool empty, std::list<Entry>& turns, Index& index) {
  if (empty) {
    index.erase(turns.front().name);
    turns.pop_front();
  } else if (turns.size() > 1) {
    turns.splice(turns.end(), turns, turns.begin());
  }
}

}  // namespace

void FairQueue::push(const Turn& turn, Job&& job) {
  Group& group = entry_of(turn.group, turns_, groups_);
  entry_of(turn.lane, group.turns, group.lanes).jobs.push_back(std::move(job));
  ++group.size;
  ++size_;
}

FairQueue::Job FairQueue::pop() {
  Group& group = turns_.front();
  Lane& lane = group.turns.front();
  Job job = std::move(lane.jobs.front());
  lane.jobs.pop_front();
  --group.size;
  --size_;
  had_turn(lane.jobs.empty(), group.turns, group.lanes);
  had_turn(group.size == 0, turns_, groups_);
  return job;
}

const FairQueue::Group* FairQueue::find(std::string_view group) const {
  const auto found = groups_.find(std::string(group));
  return found == groups_.end() ? nullptr : &*found->second;
}

std::size_t FairQueue::size_of_group(std::string_view group) const {
  const Group* found = find(group);
  return found == nullptr ? 0 : found->size;
}

std::size_t FairQueue::size_of_lane(const Turn& turn) const {
  const Group* group = find(turn.group);
  if (group == nullptr) return 0;
  const auto lane = group->lanes.find(std::string(turn.lane));
  return lane == group->lanes.end() ? 0 : lane->second->jobs.size();
}

}  // namespace certspan
