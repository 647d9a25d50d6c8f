#include "plugins/ca_local/ocsp_responder/answer_shelf.hpp"

#include <string_view>
#include <utility>

namespace certspan::ca_local {
namespace {

std::string_view text_of(pki::BytesView octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

SignedAnswer AnswerShelf::find(pki::BytesView cert_id, pki::BytesView status, const Signer& signer,
                               std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(text_of(cert_id));
  if (found == by_id_.end()) return nullptr;
  const Entry& entry = *found->second;
  if (entry.signer != signer || now >= entry.until || !pki::equal(entry.status, status)) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entry.answer;
}

void AnswerShelf::put(pki::BytesView cert_id, pki::BytesView status, Signer signer, std::int64_t until,
                      SignedAnswer answer) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_id_.find(text_of(cert_id)); known != by_id_.end()) {
    entries_.erase(known->second);
    by_id_.erase(known);
  }
  entries_.push_front(
      {std::string(text_of(cert_id)), pki::to_bytes(status), std::move(signer), until, std::move(answer)});
  by_id_.emplace(entries_.front().cert_id, entries_.begin());
  if (entries_.size() <= most_) return;
  by_id_.erase(by_id_.find(entries_.back().cert_id));
  entries_.pop_back();
}

}  // namespace certspan::ca_local
