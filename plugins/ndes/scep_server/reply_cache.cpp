#include "plugins/ndes/scep_server/reply_cache.hpp"

#include <utility>

namespace certspan::scep {

ReplyCache::Reply ReplyCache::find(const MessageDigest& message, Time now) {
  const std::lock_guard lock(mutex_);
  while (!order_.empty() && now - order_.front().kept >= kKeep) drop_oldest();
  const auto found = replies_.find(message);
  return found == replies_.end() ? nullptr : found->second;
}

void ReplyCache::keep(const MessageDigest& message, const Reply& reply, Time now) {
  const std::size_t size = reply->size();
  const std::lock_guard lock(mutex_);
  if (!replies_.try_emplace(message, reply).second) return;
  order_.push_back({message, now});
  octets_ += size;
  while (octets_ > kMaxOctets) drop_oldest();
}

void ReplyCache::drop_oldest() {
  const auto found = replies_.find(order_.front().message);
  octets_ -= found->second->size();
  replies_.erase(found);
  order_.pop_front();
}

}  // namespace certspan::scep
