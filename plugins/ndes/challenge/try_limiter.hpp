// Counts wrong challenges for each source address.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace certspan::scep {

// At most `kWrongTries` wrong ones an address and minute; right ones never count, so that many devices behind
// one address do not lock each other out. Memory is bounded: when `kMaxAddresses` are known, those whose
// minute has ended are forgotten, and if there is none, new addresses are not counted. Thread-safe.
class TryLimiter {
 public:
  static constexpr int kWrongTries = 5;
  static constexpr std::chrono::minutes kWindow{1};
  static constexpr std::size_t kMaxAddresses = 4096;

  using Time = std::chrono::steady_clock::time_point;

  // 0: the address may try. Else it has used up its tries, and even a right challenge is put off for so long.
  std::chrono::milliseconds wait(std::string_view address, Time now);
  void count_wrong(std::string_view address, Time now);

 private:
  struct Window {
    Time begin;
    int wrong = 0;
  };

  std::mutex mutex_;  // guards windows_
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace certspan::scep
