// Replies to messages that come in again octet for octet, as clients send them when an answer got lost.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/digest.hpp"

namespace certspan::scep {

using MessageDigest = pki::Sha256Value;

// Keeps successes only: a refusal must be judged anew, for the cause may have been put right. Kept for a
// minute, which covers a burst of repeats; after that the journal knows the item. Bounded by octets, the
// oldest go first. Thread-safe.
class ReplyCache {
 public:
  static constexpr std::size_t kMaxOctets = std::size_t{16} * 1024 * 1024;
  static constexpr std::chrono::seconds kKeep{60};

  using Time = std::chrono::steady_clock::time_point;
  using Reply = std::shared_ptr<const pki::Bytes>;  // shared: it may be dropped while it is being sent

  // nullptr if there is none.
  Reply find(const MessageDigest& message, Time now);
  void keep(const MessageDigest& message, const Reply& reply, Time now);

 private:
  // A digest is as random as a hash can be.
  struct Hash {
    std::size_t operator()(const MessageDigest& digest) const {
      std::size_t value = 0;
      std::memcpy(&value, digest.data(), sizeof value);
      return value;
    }
  };
  struct Entry {
    MessageDigest message;
    Time kept;
  };

  void drop_oldest();

  std::mutex mutex_;  // guards everything below
  std::unordered_map<MessageDigest, Reply, Hash> replies_;
  std::deque<Entry> order_;  // the oldest first
  std::size_t octets_ = 0;
};

}  // namespace certspan::scep
