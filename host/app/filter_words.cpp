#include "host/app/filter_words.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "host/base/wall_text.hpp"
#include "host/config/suggest.hpp"
#include "host/config/units.hpp"
#include "host/journal/index_keys.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr std::array kStates = {ItemState::Ready, ItemState::Calling, ItemState::Pending, ItemState::Held,
                                ItemState::Done,  ItemState::Failed,  ItemState::Dead};
constexpr std::array kFilterFields = {"state",       "pipeline", "source",  "connector", "since", "until",
                                      "transaction", "serial",   "subject", "name",      "open",  "limit"};

tl::unexpected<Error> bad(std::string message) {
  return fail(Outcome::Invalid, "work.bad_filter", std::move(message));
}

/// "; did you mean "x"?" or what there is.
std::string meant(std::string_view word, const std::vector<std::string>& words) {
  const std::string hint = did_you_mean(word, words);
  return hint.empty() ? "; there are " + listing(words) : "; " + hint;
}

Result<ItemState> read_state(const std::string& word) {
  std::vector<std::string> words;
  for (const ItemState state : kStates) {
    if (to_string(state) == word) return state;
    words.emplace_back(to_string(state));
  }
  return bad("there is no state \"" + word + "\"" + meant(word, words));
}

Result<void> expect_known(const Json& words) {
  if (!words.is_object()) return bad("a filter is a JSON object");
  const std::vector<std::string> known(kFilterFields.begin(), kFilterFields.end());
  for (const auto& [name, unused] : words.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return bad("items can't be chosen by \"" + name + "\"" + meant(name, known));
    }
  }
  return {};
}

std::string word_of(const Json& words, const char* name) {
  return words.value(name, std::string());
}

Result<void> read_times(const Json& words, WallMs now, ItemFilter& filter) {
  if (const std::string since = word_of(words, "since"); !since.empty()) {
    CERTSPAN_TRY(filter.since, read_instant(since, now));
  }
  if (const std::string until = word_of(words, "until"); !until.empty()) {
    CERTSPAN_TRY(filter.until, read_instant(until, now));
  }
  if (filter.since && filter.until && *filter.since >= *filter.until) {
    return bad("--since is not before --until (" + rfc3339(*filter.since) + ", " + rfc3339(*filter.until) +
               "): nothing lies between them");
  }
  return {};
}

Result<void> read_serial(const std::string& text, ItemFilter& filter) {
  if (text.empty()) return {};
  filter.serial = normal_serial(text);
  if (!filter.serial.empty()) return {};
  return bad("\"" + text + "\" is no serial number: write it in hexadecimal, with or without colons");
}

Result<ItemFilter> read_known(const Json& words, WallMs now) {
  ItemFilter filter;
  if (const std::string state = word_of(words, "state"); !state.empty()) {
    CERTSPAN_TRY(filter.state, read_state(state));
  }
  filter.finished = !words.value("open", false);
  if (filter.state && !filter.wants_open() && !filter.wants_finished()) {
    return bad("an item that is " + std::string(to_string(*filter.state)) +
               " is not open: leave --open or --state out");
  }
  CERTSPAN_CHECK(read_times(words, now, filter));
  CERTSPAN_CHECK(read_serial(word_of(words, "serial"), filter));
  filter.pipeline = word_of(words, "pipeline");
  filter.source = word_of(words, "source");
  filter.connector = word_of(words, "connector");
  filter.transaction_id = word_of(words, "transaction");
  filter.subject = word_of(words, "subject");
  filter.name = word_of(words, "name");
  const auto limit = words.value("limit", std::int64_t{-1});
  if (limit == 0) return bad("a limit of 0 finds nothing");
  filter.limit = limit < 0 ? SIZE_MAX : static_cast<std::size_t>(limit);
  return filter;
}

}  // namespace

Result<WallMs> read_instant(std::string_view text, WallMs now) {
  // Nothing was accepted before 1970.
  if (const auto instant = read_rfc3339(text)) return std::max<WallMs>(*instant, 0);
  if (const auto span = parse_duration(text)) return std::max<WallMs>(now - span->count(), 0);
  return bad("\"" + std::string(text) +
             "\" is no time: write 2026-11-22T08:00:00Z (Z is UTC; +01:00 is fine too), or how long ago, as "
             "90m, 2h or 7d");
}

Result<ItemFilter> read_filter(const Json& words, WallMs now) try {
  CERTSPAN_CHECK(expect_known(words));
  return read_known(words, now);
} catch (const Json::exception& error) {
  return bad(std::string("the filter can't be read: ") + error.what());
}

Json filter_to_words(const ItemFilter& filter) {
  Json words = Json::object();
  const auto put = [&](const char* name, std::string_view value) {
    if (!value.empty()) words[name] = value;
  };
  if (filter.state) put("state", to_string(*filter.state));
  put("pipeline", filter.pipeline);
  put("source", filter.source);
  put("connector", filter.connector);
  if (filter.since) put("since", rfc3339(*filter.since));
  if (filter.until) put("until", rfc3339(*filter.until));
  put("transaction", filter.transaction_id);
  put("serial", filter.serial);
  put("subject", filter.subject);
  put("name", filter.name);
  if (!filter.finished) words["open"] = true;
  if (filter.limit <= INT64_MAX) words["limit"] = filter.limit;
  return words;
}

}  // namespace certspan
