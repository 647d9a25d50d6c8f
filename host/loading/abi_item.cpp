#include "host/loading/abi_item.hpp"

#include <openssl/sha.h>

#include "host/loading/abi_text.hpp"

namespace certspan {
namespace {

std::string_view profile_of(const WorkItem& item) {
  return item.step < item.steps.size() ? std::string_view(item.steps[item.step].profile) : std::string_view();
}

/// SHA-256 of the source's key and the work id, or the turn.
ItemKey key_for(CallKey kind, const WorkItem& item, const std::string& id) {
  if (kind == CallKey::Source) return item.key;
  const bool by_turn = kind == CallKey::Turn && item.turn != 0;
  const std::string told_by = by_turn ? "turn " + std::to_string(item.turn) : id;
  Bytes text = copy_of(item.key);
  text.insert(text.end(), told_by.begin(), told_by.end());
  ItemKey key{};
  SHA256(text.data(), text.size(), key.data());
  return key;
}

}  // namespace

std::uint64_t to_abi_ns(std::chrono::steady_clock::time_point time) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
}

AbiItem::AbiItem(const WorkItem& item, const CallTerms& terms, CallKey key)
    : id_(to_string(item.id)), key_(key_for(key, item, id_)) {
  labels_.reserve(item.labels.size());
  for (const auto& [name, value] : item.labels) labels_.push_back({to_abi(name), to_abi(value)});

  item_.struct_size = sizeof(item_);
  item_.attempt = terms.attempt;
  item_.deadline_ns = to_abi_ns(terms.deadline);
  item_.id = to_abi(id_);
  item_.key = to_abi(BytesView(key_));
  item_.source = to_abi(item.source);
  item_.pipeline = to_abi(item.pipeline);
  item_.message = to_abi(item.message);
  item_.transaction_id = to_abi(item.transaction_id);
  item_.request = to_abi(BytesView(item.request));
  item_.signer = to_abi(BytesView(item.signer));
  item_.profile = to_abi(profile_of(item));
  item_.handle = to_abi(BytesView(item.handle));
  item_.note = to_abi(BytesView(item.note));
  item_.labels = labels_.data();
  item_.label_count = labels_.size();
}

}  // namespace certspan
