// Signed answers that are handed out again while nothing has changed.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::ca_local {

using SignedAnswer = std::shared_ptr<const pki::Bytes>;
using Signer = std::shared_ptr<const void>;  // in whose name; kept, so that no other is taken for it

/// By CertID: the answer, what it says, and until when it is good enough to be handed out. Holds up to
/// `most`; the one that was asked for least recently goes first. Thread-safe.
class AnswerShelf {
 public:
  explicit AnswerShelf(std::size_t most) : most_(most) {}

  /// Null: none that says this at `now` (seconds since 1970) and was signed in this name.
  SignedAnswer find(pki::BytesView cert_id, pki::BytesView status, const Signer& signer, std::int64_t now);
  void put(pki::BytesView cert_id, pki::BytesView status, Signer signer, std::int64_t until,
           SignedAnswer answer);

 private:
  struct Entry {
    std::string cert_id;
    pki::Bytes status;
    Signer signer;
    std::int64_t until = 0;
    SignedAnswer answer;
  };
  using Entries = std::list<Entry>;

  const std::size_t most_;
  std::mutex mutex_;
  Entries entries_;  // the one that was asked for last first
  std::map<std::string, Entries::iterator, std::less<>> by_id_;
};

}  // namespace certspan::ca_local
