#include "host/app/erasing_work.hpp"

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

using Catch::Contains;
using Json = nlohmann::json;

namespace {

struct ErasingFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  WorkItem accept(std::uint64_t number) {
    const WorkItem item = fresh_item(journal->next_id(), number);
    REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
    return item;
  }
  void finish(const WorkItem& item) {
    REQUIRE(commit_now(*journal, {issued(item), false, {}}) == CommitResult::Committed);
  }
  Result<Json> erase(const Json& filter, const std::string& reason, bool dry_run = false) {
    return erase_work(*journal, {{"filter", filter}, {"reason", reason}, {"dry_run", dry_run}}, "alice",
                      false);
  }
  std::string refusal(const Json& filter, const std::string& reason) {
    const auto erased = erase(filter, reason);
    REQUIRE(!erased);
    return erased.error().code + ": " + erased.error().message;
  }
};

}  // namespace

TEST_CASE_METHOD(ErasingFixture, "an erasure names somebody, and its reason does not") {
  finish(accept(1));
  CHECK_THAT(refusal(Json::object(), "case 7"), Contains("work.bad_filter") && Contains("--subject"));
  CHECK_THAT(refusal({{"state", "done"}}, "case 7"), Contains("work.bad_filter"));
  CHECK_THAT(refusal({{"subject", "De"}}, "case 7"), Contains("too many subjects"));
  CHECK_THAT(refusal({{"subject", "device 1"}}, ""), Contains("work.bad_reason"));
  CHECK_THAT(refusal({{"subject", "device 1"}}, "Device 1 left"), Contains("leave out whose"));
  CHECK_THAT(refusal({{"transaction", "txn-1"}}, "of txn-1"), Contains("leave out whose"));
  CHECK_THAT(refusal({{"subject", "device 1"}}, "case\n7"), Contains("one line"));
  CHECK_THAT(refusal({{"subject", "device 1"}}, std::string(201, 'x')), Contains("200 bytes"));
  CHECK(journal->counts()->finished == 1);
}

TEST_CASE_METHOD(ErasingFixture, "as long as one of the items is open none is erased") {
  finish(accept(1));
  const WorkItem open = accept(11);
  CHECK_THAT(refusal({{"subject", "device 1"}}, "case 7"), Contains("work.open: 1 of these items") &&
                                                               Contains(to_string(open.id) + " (ready)") &&
                                                               Contains("work cancel"));
  CHECK(journal->counts()->finished == 1);
  CHECK(erase({{"subject", "device 1,"}}, "case 7")->at("erased") == 1);
}

TEST_CASE_METHOD(ErasingFixture, "a dry run counts, needs no reason and changes nothing") {
  finish(accept(1));
  CHECK(erase({{"subject", "device 1"}}, "", true)->at("erased") == 1);
  CHECK(journal->counts()->finished == 1);
  CHECK(journal->audit_erasures(0, 1)->empty());
  CHECK(erase({{"subject", "device 1"}}, "case 7")->at("erased") == 1);
  CHECK(erase({{"subject", "device 1"}}, "case 7")->at("erased") == 0);
}
