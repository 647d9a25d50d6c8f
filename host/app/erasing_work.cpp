#include "host/app/erasing_work.hpp"

#include <algorithm>
#include <vector>

#include "host/app/filter_words.hpp"
#include "host/base/clock.hpp"
#include "host/config/suggest.hpp"
#include "host/journal/index_keys.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLookedAt = 500;
/// Bytes. Less of a subject would take half of the journal.
constexpr std::size_t kShortestPart = 3;
constexpr std::size_t kLongestReason = 200;

struct Order {
  ItemFilter filter;
  std::string reason;
  bool dry_run = false;
};

Result<void> expect_somebody(const ItemFilter& filter) {
  if (!filter.names_somebody()) {
    return fail(
        Outcome::Invalid, "work.bad_filter",
        "an erasure has to say whose items are meant: give --name, --subject, --transaction or --serial");
  }
  if (!filter.subject.empty() && filter.subject.size() < kShortestPart) {
    return fail(Outcome::Invalid, "work.bad_filter",
                "\"" + filter.subject + "\" stands in too many subjects: give more of it");
  }
  return {};
}

/// It is kept for good, so it says nothing of the person who is to be forgotten.
Result<void> expect_good_reason(const std::string& reason, const ItemFilter& filter) {
  const auto bad = [](const char* what) { return fail(Outcome::Invalid, "work.bad_reason", what); };
  if (reason.empty()) return bad("an erasure needs --reason: it is kept, and `audit verify` tells it");
  if (reason.size() > kLongestReason) return bad("the reason is longer than 200 bytes");
  if (std::any_of(reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
    return bad("the reason has to be one line of text");
  }
  for (const std::string* part : {&filter.name, &filter.subject, &filter.transaction_id, &filter.serial}) {
    if (!part->empty() && contains_ignoring_case(reason, *part)) {
      return bad("the reason is kept for good: leave out whose items they are, and name a case number, say");
    }
  }
  return {};
}

Result<Order> read_order(const nlohmann::json& arguments) {
  Order order;
  CERTSPAN_TRY(order.filter,
               read_filter(arguments.value("filter", nlohmann::json::object()), SystemClock().wall_ms()));
  order.reason = arguments.value("reason", std::string());
  order.dry_run = arguments.value("dry_run", false);
  CERTSPAN_CHECK(expect_somebody(order.filter));
  if (!order.dry_run || !order.reason.empty()) {
    CERTSPAN_CHECK(expect_good_reason(order.reason, order.filter));
  }
  return order;
}

struct Matches {
  std::uint64_t finished = 0;
  std::uint64_t open = 0;
  std::vector<std::string> open_ones;  ///< the first of them, as people see them
};

Result<Matches> look(Journal& journal, const ItemFilter& filter) {
  Matches matches;
  ItemRange range;
  range.before = journal.next_id();
  for (bool more = true; more;) {
    CERTSPAN_TRY(const ItemPage page, journal.page(filter, range, kLookedAt));
    for (const WorkItem& item : page.items) {
      ++(is_open(item.state) ? matches.open : matches.finished);
      if (is_open(item.state) && matches.open_ones.size() < 10) {
        matches.open_ones.push_back(to_string(item.id) + " (" + std::string(to_string(item.state)) + ")");
      }
    }
    range.after = page.last;
    more = page.more;
  }
  return matches;
}

}  // namespace

Result<nlohmann::json> erase_work(Journal& journal, const nlohmann::json& arguments, const std::string& who,
                                  bool alone) try {
  CERTSPAN_TRY(const Order order, read_order(arguments));
  CERTSPAN_TRY(const Matches matches, look(journal, order.filter));
  if (matches.open > 0) {
    return fail(
        Outcome::Rejected, "work.open",
        std::to_string(matches.open) +
            " of these items are not finished, so nothing is erased: " + listing(matches.open_ones) +
            "; end them first with `certspan work cancel` (held ones with `certspan work resolve`), or "
            "wait");
  }
  nlohmann::json answer = {{"erased", matches.finished}, {"dry_run", order.dry_run}, {"rewritten", false}};
  if (order.dry_run) return answer;
  CERTSPAN_TRY(const std::uint64_t erased, journal.erase({order.filter, who, order.reason}));
  // Also if nothing was there: an erasure before may have been ended before this.
  auto purge = journal.purge(alone);
  if (!purge) {
    Error error = std::move(purge).error();
    error.message = std::to_string(erased) + " items were erased, but " + error.message;
    return tl::unexpected(std::move(error));
  }
  answer["erased"] = erased;
  answer["rewritten"] = purge->rewritten;
  return answer;
} catch (const nlohmann::json::exception& error) {
  return fail(Outcome::Invalid, "control.bad_arguments",
              std::string("the arguments can't be read: ") + error.what());
}

}  // namespace certspan
