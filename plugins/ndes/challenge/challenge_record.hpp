// How a one-time challenge stands in the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/ndes/challenge/challenge_book.hpp"

namespace certspan::scep {

struct ChallengeRecord {
  ChallengeBinding binding;
  std::string device;
  std::int64_t expires_ms = 0;
  std::string used_by;  // hexadecimal key of the item that spent it; empty: not spent
};

// JSON, so that a later version can add fields that an older one passes over.
std::string encode_record(const ChallengeRecord& record);
// nullopt for bytes that are no record.
std::optional<ChallengeRecord> decode_record(pki::BytesView bytes);

}  // namespace certspan::scep
