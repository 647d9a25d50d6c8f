#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "host/loading/worker/protocol.hpp"
#include "host/loading/worker/service_desk.hpp"
#include "host/loading/worker/wiped_bytes.hpp"

namespace certspan::worker {

/// Which records of the store the plugin of one worker reads in each call of a kind: such as bear the item's
/// key in their own. They are read before the call and go along with it, which saves the plugin's question,
/// two switches between processes. A guess, no promise: what was not foreseen is asked. Thread-safe.
class Foresight {
 public:
  /// Adds questions and replies for a call about such an item to `ahead`. On the thread of the call.
  void foresee(Call call, BytesView item_key, ServiceDesk& desk, WipedBytes& ahead);
  /// The plugin asked this in such a call.
  void learn(Call call, BytesView item_key, BytesView question);

 private:
  struct Question {
    Bytes frame;
    std::size_t key_at = 0;  ///< where the item's key stands in it
    unsigned uses = 0;
  };
  static constexpr auto kCalls = static_cast<std::size_t>(Call::Act) + 1;

  std::vector<Bytes> questions(Call call, BytesView item_key);

  std::mutex mutex_;
  std::array<std::vector<Question>, kCalls> known_;
};

}  // namespace certspan::worker
