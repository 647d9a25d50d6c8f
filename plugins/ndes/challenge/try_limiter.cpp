#include "plugins/ndes/challenge/try_limiter.hpp"

#include <algorithm>

namespace certspan::scep {

std::chrono::milliseconds TryLimiter::wait(std::string_view address, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = windows_.find(std::string(address));
  if (found == windows_.end() || found->second.wrong < kWrongTries) return {};
  const auto left = found->second.begin + kWindow - now;
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
}

void TryLimiter::count_wrong(std::string_view address, Time now) {
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= kMaxAddresses) {
    std::erase_if(windows_, [now](const auto& entry) { return now - entry.second.begin >= kWindow; });
  }
  const std::string name(address);
  if (windows_.size() >= kMaxAddresses && !windows_.contains(name)) return;
  Window& window = windows_.try_emplace(name, Window{.begin = now}).first->second;
  if (now - window.begin >= kWindow) window = Window{.begin = now};
  ++window.wrong;
}

}  // namespace certspan::scep
