#include "host/app/explanations.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "codes/intune.hpp"
#include "host/app/document_table.hpp"
#include "host/base/event.hpp"
#include "host/base/outcome.hpp"

using namespace certspan;

namespace {

std::vector<std::string> kinds_of(std::string_view asked) {
  std::vector<std::string> kinds;
  for (const Explanation& each : explain(asked)) kinds.push_back(each.kind);
  return kinds;
}

/// Of the one meaning that it has.
Explanation only(std::string_view asked) {
  const auto found = explain(asked);
  INFO(asked);
  REQUIRE(found.size() == 1);
  return found.front();
}

}  // namespace

TEST_CASE("every event is explained by its number, its name and its phrase, with more than the phrase") {
  for (const EventKind& kind : event_kinds()) {
    INFO(kind.number);
    const auto by_number = explain(std::to_string(kind.number));
    REQUIRE(!by_number.empty());
    CHECK(by_number.front().name == kind.name);
    CHECK(by_number.front().meaning.size() > kind.phrase.size() + 20);
    CHECK(only(kind.name).code == std::to_string(kind.number));
    if (!kind.phrase.empty() && kind.number != 901) CHECK(only(kind.phrase).name == kind.name);
  }
}

TEST_CASE("every code of Intune's is explained by its word and by ours") {
  for (const codes::IntuneScepCode& known : codes::kIntuneScepCodes) {
    INFO(known.name);
    CHECK(only(known.code).code == known.name);
    const auto by_word = explain(known.name);
    CHECK(std::ranges::count(by_word, std::string(known.name), &Explanation::code) == 1);
  }
  CHECK(std::size(codes::kIntuneScepCodes) == 24);
  CHECK(kinds_of("Unknown") == std::vector<std::string>{"outcome", "Intune's code"});
}

TEST_CASE("a number of the Intune console is found however it is written") {
  for (const char* written :
       {"0xA0C50020", "0xa0c50020", "A0C50020", "a0c50020", "0XA0C50020", "2697265184", "-1597702112"}) {
    const Explanation found = only(written);
    CHECK(found.code == "0xA0C50020");
    CHECK(found.advice.find("profile.weak_key") != std::string::npos);
  }
  for (const codes::Hresult& each : codes::kHresults)
    CHECK(only(std::to_string(codes::kFirstHresult + each.number)).kind == "number in the Intune console");
}

TEST_CASE("a small number has all its meanings") {
  CHECK(kinds_of("2") == std::vector<std::string>{"event", "SCEP failInfo", "SCEP pkiStatus", "exit code"});
  CHECK(kinds_of("64") == std::vector<std::string>{"event", "exit code"});
  CHECK(kinds_of("0") == std::vector<std::string>{"SCEP failInfo", "SCEP pkiStatus", "exit code"});
  CHECK(only("badrequest").code == "2");
  CHECK(kinds_of("PENDING") == std::vector<std::string>{"outcome", "SCEP pkiStatus"});
}

TEST_CASE("every outcome is explained") {
  for (std::int32_t value = 0; value < 10; ++value) {
    const auto found = explain(to_string(outcome_from_abi(value)));
    CHECK(std::ranges::count(found, std::string("outcome"), &Explanation::kind) == 1);
  }
}

TEST_CASE("no code is explained twice in one way, and each has a sentence") {
  std::set<std::string> seen;
  for (const Explanation& each : all_explanations()) {
    INFO(each.kind << " " << each.code);
    CHECK(seen.insert(each.kind + " " + each.code).second);
    CHECK(each.meaning.size() > 4);
    CHECK((each.meaning.ends_with('.') || each.meaning.ends_with('?')));
    CHECK(each.meaning.find("](") == std::string::npos);
  }
  CHECK(seen.size() > 400);
}

TEST_CASE("what is unknown is answered with the nearest") {
  using Words = std::vector<std::string>;
  CHECK(explain("work.bussy").empty());
  CHECK(nearest_codes("work.bussy") == Words{"work.busy"});
  CHECK(nearest_codes("wrok.busy").front() == "backup.busy");
  CHECK(std::ranges::count(nearest_codes("wrok.busy"), "work.busy") == 1);
  CHECK(nearest_codes("ChalengeExpired") == Words{"ChallengeExpired"});
  CHECK(nearest_codes("badReqest") == Words{"badRequest"});
  CHECK(nearest_codes("0xA0C50027") == Words{"0xA0C50026", "0xA0C50030"});
  CHECK(nearest_codes("4010") == Words{"4009", "4100"});
  CHECK(nearest_codes("acme.quota_exceeded").empty());
  CHECK(explain("").empty());
  CHECK(explain(std::string(100'000, '9')).empty());
}

TEST_CASE("a table of a document is read with bars and links in its cells") {
  const auto rows =
      rows_of("# One\n| a | b |\n| --- | --- |\n## Two\n| `x\\|y` | see [there](z.md#q), [here](h) |\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].heading == "One");
  CHECK(rows[1].heading == "Two");
  CHECK(rows[1].cells == std::vector<std::string>{"`x|y`", "see there, here"});
  CHECK(quoted_words("`a.b`, `c` and `d") == std::vector<std::string>{"a.b", "c"});
  CHECK(rows_of("|").size() == 0);
  CHECK(rows_of("| cut \\").size() == 1);
}
