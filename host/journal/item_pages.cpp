#include "host/journal/item_pages.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/journal/id_source.hpp"
#include "host/journal/index_keys.hpp"
#include "host/journal/item_reader.hpp"

namespace certspan {
namespace {

/// A page ends after so many rows, and after so many bytes of what was found.
constexpr std::size_t kMostLooked = 5000;
constexpr std::size_t kMostBytes = std::size_t{4} * 1024 * 1024;

/// An id is made just before its item's time of acceptance is read.
constexpr WallMs kIdsBefore = 3'600'000;

/// Values that the statement compares with; no text of a filter ever stands in it.
struct Place {
  enum : std::uint8_t { After = 1, Before, State, Transaction, Serial };
};

struct Hashes {
  std::optional<std::int64_t> transaction;
  std::optional<std::int64_t> serial;
};

std::string conditions(const ItemFilter& filter, const Hashes& hashes, bool finished) {
  std::string text = "WHERE id > ?1 AND id < ?2";
  // The condition on the state is the index's own, of what ended without a certificate.
  if (filter.state) text += finished && *filter.state != ItemState::Done ? " AND state <> 4" : "";
  if (filter.state) text += " AND state = ?3";
  if (hashes.transaction) text += " AND transaction_hash = ?4";
  if (hashes.serial) text += " AND serial_hash = ?5";
  return text;
}

/// Empty: the filter wants nothing that there could be.
std::string query(const ItemFilter& filter, const Hashes& hashes, bool newest_first) {
  std::string text;
  if (filter.wants_open()) text += std::string(kHotColumns) + conditions(filter, hashes, false);
  if (filter.wants_finished()) {
    if (!text.empty()) text += " UNION ALL ";
    text += std::string(kDoneColumns) + conditions(filter, hashes, true);
  }
  return text.empty() ? text : text + " ORDER BY id" + (newest_first ? " DESC" : "");
}

std::int64_t first_of(const ItemFilter& filter, const ItemRange& range) {
  auto after = static_cast<std::uint64_t>(range.after);
  if (filter.since && *filter.since > kIdsBefore)
    after = std::max(after, first_id_at(*filter.since - kIdsBefore));
  return static_cast<std::int64_t>(std::min<std::uint64_t>(after, INT64_MAX));
}

/// Goes through the rows of a bound statement.
Result<ItemPage> rows_of(sql::Statement& rows, const std::string& path, const ItemFilter& filter,
                         std::size_t limit) {
  ItemPage page;
  std::size_t bytes = 0;
  for (std::size_t looked = 0; looked < kMostLooked && bytes < kMostBytes && page.items.size() < limit;
       ++looked) {
    const auto found = rows.step();
    if (!found) return tl::unexpected(sql::to_error(found.error(), path));
    if (!*found) return page;
    CERTSPAN_TRY(WorkItem item, read_row(rows));
    page.last = item.id;
    if (!filter.takes(item)) continue;
    bytes += rows.blob(kBodyColumn).size();
    page.items.push_back(std::move(item));
  }
  page.more = true;
  return page;
}

}  // namespace

Result<ItemPage> read_item_page(sql::Database& database, const std::string& path, const ItemFilter& filter,
                                const ItemRange& range, std::size_t limit) {
  const Hashes hashes{transaction_hash(filter.transaction_id), serial_hash(filter.serial)};
  const std::string text = query(filter, hashes, range.newest_first);
  if (text.empty()) return ItemPage{};
  auto rows = database.prepare(text);
  if (!rows) return tl::unexpected(sql::to_error(rows.error(), path));
  rows->bind(Place::After, first_of(filter, range))
      .bind(Place::Before, static_cast<std::int64_t>(range.before));
  if (filter.state) rows->bind(Place::State, std::int64_t{static_cast<std::uint8_t>(*filter.state)});
  if (hashes.transaction) rows->bind(Place::Transaction, *hashes.transaction);
  if (hashes.serial) rows->bind(Place::Serial, *hashes.serial);
  return rows_of(*rows, path, filter, limit);
}

}  // namespace certspan
