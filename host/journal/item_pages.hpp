#pragma once

#include <string>

#include "host/base/result.hpp"
#include "host/journal/item_filter.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// Reads from the beginning of `range` until `limit` items are found or as many rows were looked at as take
/// some tens of milliseconds. Open and finished items are read in one snapshot, so an item that finishes
/// stands in neither both nor none; who reads page after page meets each item once. Nothing is sealed open.
/// `path`: the database file, for messages. Errors: journal.corrupt, journal.newer_schema and those of
/// sql::to_error.
Result<ItemPage> read_item_page(sql::Database& database, const std::string& path, const ItemFilter& filter,
                                const ItemRange& range, std::size_t limit);

}  // namespace certspan
