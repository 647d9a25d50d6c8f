#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/clock.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// Audit numbers from `first` to `last`.
struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  bool operator==(const NumberRange&) const = default;
};

/// What is kept of finished items that a person had taken out of the journal: that it was done, by whom and
/// why, and which places in the audit chain they had. Nothing of what they said.
struct Erasure {
  WallMs at = 0;
  std::string who;     ///< the user, by the kernel's word
  std::string reason;  ///< in the words of that user
  std::uint64_t items = 0;
  std::vector<NumberRange> numbers;  ///< rising; items that finished before there was a chain have none

  bool operator==(const Erasure&) const = default;
};

/// The row's body; a place in the audit chain covers it.
Bytes encode_erasure(const Erasure& erasure);
/// Errors: journal.corrupt, journal.newer_schema.
Result<Erasure> decode_erasure(BytesView body);

/// Numbers, in any order, as ranges; 0 is none.
std::vector<NumberRange> ranges_of(std::vector<std::uint64_t> numbers);

}  // namespace certspan
