#pragma once

#include <cstddef>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// The largest body that is written and read.
inline constexpr std::size_t kMostBody = std::size_t{512} * 1024;

/// The bytes of an item's row: everything except what stands in columns of its own (id, epoch, state, key,
/// note) and the sealed fields (request, handle). An item that is done or failed is written without its
/// signer. Of the attempts the newest kMostAttempts are kept. About 1 KB with a certificate.
Bytes encode_item(const WorkItem& item);

/// Fills the fields of `item` that encode_item wrote. Errors: journal.corrupt for bytes that no version of
/// this program wrote, journal.newer_schema for those of a newer one. Never throws for bad input; reads at
/// most kMostBody bytes.
Result<void> decode_item(BytesView body, WorkItem& item);

/// The fields that are secret, as they are sealed together: a dead letter's request only.
Bytes encode_secrets(const WorkItem& item);
Result<void> decode_secrets(BytesView secrets, WorkItem& item);

}  // namespace certspan
