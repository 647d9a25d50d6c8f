#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace certspan {

/// Whose turn a job is: groups take turns, and within a group its lanes do. New requests have their source as
/// group and the client's address as lane; what goes on with an accepted item has its pipeline as group.
struct Turn {
  std::string_view group;
  std::string_view lane = {};
};

/// Jobs of many owners, in turns: who brings much waits behind his own and holds nobody else up. In order
/// within a lane. Not thread-safe. An owner without a job takes no memory.
class FairQueue {
 public:
  using Job = std::function<void()>;

  void push(const Turn& turn, Job&& job);
  /// The next job. Requires: not empty.
  Job pop();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// Jobs of a group.
  std::size_t size_of_group(std::string_view group) const;
  /// Jobs of a lane.
  std::size_t size_of_lane(const Turn& turn) const;

 private:
  struct Lane {
    std::string name;
    std::deque<Job> jobs;
  };
  struct Group {
    std::string name;
    std::size_t size = 0;
    std::list<Lane> turns = {};  ///< lanes with jobs, the next one first
    std::unordered_map<std::string, std::list<Lane>::iterator> lanes = {};
  };

  const Group* find(std::string_view group) const;

  std::size_t size_ = 0;
  std::list<Group> turns_;  ///< groups with jobs, the next one first
  std::unordered_map<std::string, std::list<Group>::iterator> groups_;
};

}  // namespace certspan
