// Keys that are in other hands: no CA behind this host certifies them again, whichever certified them before.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "host/journal/journal.hpp"

namespace certspan {

/// They stay for good, also when the items are erased that told of them. Thread-safe.
class CompromisedKeys {
 public:
  explicit CompromisedKeys(Journal& journal) : journal_(journal) {}

  /// What makes the key of an issued item's certificate one, with the transition that revokes it. The fence
  /// has said which key it is; of imported items the certificate says it.
  Result<StoreWrite> write(const WorkItem& issued);

  /// Whether a key is one; `key_sha256` is the SHA-256 of its SubjectPublicKeyInfo in lower-case hexadecimal.
  /// Costs nothing while there are none.
  Result<bool> has(std::string_view key_sha256);

 private:
  enum class Known : std::uint8_t { NotLooked, None, Some };

  Journal& journal_;
  std::atomic<Known> known_{Known::NotLooked};
};

}  // namespace certspan
