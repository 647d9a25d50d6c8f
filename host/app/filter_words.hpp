#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/journal/item_filter.hpp"

namespace certspan {

/// Reads a filter from the words of a person or of the command line: "state", "pipeline", "source",
/// "connector", "since", "until", "transaction", "serial", "subject", "name" (texts; "" is as if it were not
/// there), "open" (only what is open) and "limit". A word that is not known is no filter either: what it asks
/// for would be left out unseen. `now`: what a span such as "2h" counts back from. Errors: work.bad_filter.
Result<ItemFilter> read_filter(const nlohmann::json& words, WallMs now);

/// The same filter in words that read_filter takes; instants are in RFC 3339, UTC.
nlohmann::json filter_to_words(const ItemFilter& filter);

/// An instant as RFC 3339 has it ("2026-11-22T08:00:00Z", "2026-11-22T09:00:00.5+01:00"), or a span before
/// `now` ("90m", "2h", "7d"). Errors: work.bad_filter.
Result<WallMs> read_instant(std::string_view text, WallMs now);

}  // namespace certspan
