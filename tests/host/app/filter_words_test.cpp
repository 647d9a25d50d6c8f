#include "host/app/filter_words.hpp"

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_items.hpp"

using namespace certspan;
using namespace certspan::testing;

using Catch::Contains;
using Json = nlohmann::json;

namespace {

constexpr WallMs kNow = 1'800'000'000'000;  // 2027-01-15T08:00:00Z
constexpr WallMs kHour = 3600 * 1000;

ItemFilter filter_of(const Json& words) {
  const auto filter = read_filter(words, kNow);
  INFO((filter ? "" : filter.error().message));
  REQUIRE(filter);
  return *filter;
}

std::string refusal_of(const Json& words) {
  const auto filter = read_filter(words, kNow);
  REQUIRE(!filter);
  CHECK(filter.error().code == "work.bad_filter");
  return filter.error().message;
}

WorkItem item_of_now() {
  WorkItem item = issued(fresh_item(WorkId{1}, 7));
  item.accepted_at = kNow;
  item.set_label("serial", "00AB:CD");
  return item;
}

}  // namespace

TEST_CASE("a filter without words takes every item") {
  const ItemFilter filter = filter_of(Json::object());
  CHECK(filter.takes(item_of_now()));
  CHECK(filter.takes(fresh_item(WorkId{2}, 8)));
  CHECK(filter.limit == SIZE_MAX);
  CHECK(!filter.names_somebody());
}

TEST_CASE("each word takes what it says and nothing else") {
  const WorkItem item = item_of_now();
  const std::vector<std::pair<Json, Json>> words = {
      {{{"state", "done"}}, {{"state", "failed"}}},
      {{{"pipeline", "device-wifi"}}, {{"pipeline", "device-wif"}}},
      {{{"source", "scep"}}, {{"source", "corp-ca"}}},
      {{{"connector", "corp-ca-2"}}, {{"connector", "scep"}}},
      {{{"transaction", "txn-7"}}, {{"transaction", "txn-70"}}},
      {{{"serial", "0xABCD"}}, {{"serial", "abce"}}},
      {{{"subject", "device 7,o"}}, {{"subject", "device 8"}}},
      {{{"since", "2027-01-15T08:00:00Z"}}, {{"until", "2027-01-15T08:00:00Z"}}},
      {{{"until", "2027-01-15T08:00:00.001Z"}}, {{"since", "2027-01-15T08:00:00.001Z"}}},
      {{{"since", "1ms"}}, {{"until", "1ms"}}},
      {{{"open", false}}, {{"open", true}}},
  };
  for (const auto& [takes, leaves] : words) {
    CAPTURE(takes.dump(), leaves.dump());
    CHECK(filter_of(takes).takes(item));
    CHECK(!filter_of(leaves).takes(item));
  }
  CHECK(filter_of({{"state", "done"}, {"subject", "device 7"}, {"serial", "abcd"}}).takes(item));
  CHECK(!filter_of({{"state", "done"}, {"subject", "device 7"}, {"serial", "abce"}}).takes(item));
}

TEST_CASE("an open item has its own states") {
  const WorkItem open = fresh_item(WorkId{1}, 7);
  CHECK(filter_of({{"state", "ready"}}).takes(open));
  CHECK(filter_of({{"open", true}}).takes(open));
  CHECK(!filter_of({{"state", "held"}}).takes(open));
}

TEST_CASE("what is misspelt is told with what was meant") {
  CHECK_THAT(refusal_of({{"state", "dnoe"}}), Contains("\"dnoe\"; did you mean \"done\"?"));
  CHECK_THAT(refusal_of({{"state", "finished"}}), Contains("there are ready, calling"));
  CHECK_THAT(refusal_of({{"pipline", "wifi"}}), Contains("\"pipline\"; did you mean \"pipeline\"?"));
  CHECK_THAT(refusal_of({{"serial", "12xy"}}), Contains("no serial number"));
  CHECK_THAT(refusal_of({{"since", "yesterday"}}), Contains("\"yesterday\" is no time"));
  CHECK_THAT(refusal_of({{"since", "2027-01-15T08:00:00"}}), Contains("Z is UTC"));
  CHECK_THAT(refusal_of({{"state", "done"}, {"open", true}}), Contains("done is not open"));
  CHECK_THAT(refusal_of({{"limit", 0}}), Contains("finds nothing"));
  CHECK_THAT(refusal_of({{"state", 4}}), Contains("can't be read"));
  CHECK_THAT(refusal_of(Json::array()), Contains("JSON object"));
}

TEST_CASE("a time without anything between its ends is refused") {
  const auto between = [](const char* since, const char* until) {
    return Json{{"since", since}, {"until", until}};
  };
  CHECK_THAT(refusal_of(between("1h", "2h")), Contains("nothing lies between"));
  CHECK_THAT(refusal_of(between("1h", "1h")), Contains("nothing lies between"));
  CHECK(filter_of(between("2h", "1h")).since == kNow - 2 * kHour);
}

TEST_CASE("a filter says the same after its way to the host, whatever the time is there") {
  const ItemFilter filter = filter_of({{"state", "dead"},
                                       {"pipeline", "p"},
                                       {"source", "s"},
                                       {"connector", "c"},
                                       {"since", "2h"},
                                       {"until", "1h"},
                                       {"transaction", "t"},
                                       {"serial", "0a:0B"},
                                       {"subject", "CN=\xc3\xa4"},
                                       {"limit", 5}});
  const auto there = read_filter(filter_to_words(filter), kNow + 5 * kHour);
  REQUIRE(there);
  CHECK(there->state == ItemState::Dead);
  CHECK(there->pipeline == "p");
  CHECK(there->source == "s");
  CHECK(there->connector == "c");
  CHECK(there->since == kNow - 2 * kHour);
  CHECK(there->until == kNow - kHour);
  CHECK(there->transaction_id == "t");
  CHECK(there->serial == "a0b");
  CHECK(there->subject == "CN=\xc3\xa4");
  CHECK(there->limit == 5);
  CHECK(filter_to_words(filter_of(Json::object())).empty());
}

TEST_CASE("a span that reaches before 1970 begins there") {
  CHECK(filter_of({{"since", "36500d"}}).since == WallMs{0});
  CHECK(filter_of({{"since", "0000-01-01T00:00:00+23:59"}}).since == WallMs{0});
  CHECK_THAT(refusal_of({{"since", "36526d"}}), Contains("is no time"));
}
