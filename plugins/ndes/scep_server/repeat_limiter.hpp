// Keeps one client that repeats itself from costing private key operations that others wait for.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "plugins/ndes/scep_server/item_keys.hpp"

namespace certspan::scep {

// At most `kMessages` a second for one transaction and signer key, counted after the cheap signature check
// and before the decryption. Memory is bounded: when `kMaxKeys` are known, those whose second has ended are
// forgotten, and if there is none, new ones are not counted. Thread-safe.
class RepeatLimiter {
 public:
  static constexpr int kMessages = 5;
  static constexpr std::chrono::seconds kWindow{1};
  static constexpr std::size_t kMaxKeys = 16UL * 1024;

  using Time = std::chrono::steady_clock::time_point;

  // Counts a message; false: one too many, the client is told to come back.
  bool allow(const ItemKey& poll_key, Time now);

 private:
  struct Window {
    Time begin;
    int count = 0;
  };

  std::mutex mutex_;  // guards windows_
  // By the first octets of the key: who finds two keys that share them shares a limit with himself.
  std::unordered_map<std::uint64_t, Window> windows_;
};

}  // namespace certspan::scep
