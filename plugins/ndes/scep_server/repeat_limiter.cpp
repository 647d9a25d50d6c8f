#include "plugins/ndes/scep_server/repeat_limiter.hpp"

#include <cstring>

namespace certspan::scep {

bool RepeatLimiter::allow(const ItemKey& poll_key, Time now) {
  std::uint64_t key = 0;
  std::memcpy(&key, poll_key.data(), sizeof key);
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= kMaxKeys) {
    std::erase_if(windows_, [now](const auto& entry) { return now - entry.second.begin >= kWindow; });
    if (windows_.size() >= kMaxKeys && !windows_.contains(key)) return true;
  }
  Window& window = windows_.try_emplace(key, Window{.begin = now}).first->second;
  if (now - window.begin >= kWindow) window = Window{.begin = now};
  return ++window.count <= kMessages;
}

}  // namespace certspan::scep
