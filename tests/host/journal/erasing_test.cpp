#include "host/journal/erasing.hpp"

#include <catch2/catch.hpp>

#include "host/journal/audit_verifier.hpp"
#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

using Catch::Contains;

namespace {

struct ErasingFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  WorkItem finish(std::uint64_t number, const std::string& subject, ItemState state = ItemState::Done) {
    WorkItem open = fresh_item(journal->next_id(), number);
    open.set_label("subject", subject);
    open.accepted_at = open.changed_at = clock.wall_ms();
    REQUIRE(commit_now(*journal, {open, true, {}}) == CommitResult::Committed);
    WorkItem item = issued(open);
    item.state = state;
    item.certificate.clear();
    REQUIRE(commit_now(*journal, {item, false, {}}) == CommitResult::Committed);
    return item;
  }
  std::uint64_t erase(const std::string& subject, const std::string& reason = "case 7") {
    ErasureOrder order;
    order.filter.subject = subject;
    order.who = "alice";
    order.reason = reason;
    const auto erased = journal->erase(order);
    REQUIRE(erased);
    return *erased;
  }
  AuditHead head() { return *journal->audit_head(); }
  AuditVerifier::Verdict verified(std::vector<SignedHead> kept = {}) {
    const auto gaps = [&] { return *journal->audit_gaps(0, 10'000); };
    AuditVerifier verifier(head(), gaps(), std::move(kept));
    const auto erasures = journal->audit_erasures(0, 10'000);
    REQUIRE(erasures);
    for (const AuditRecord& record : *erasures) verifier.take(record);
    const auto page = journal->audit_page(WorkId{}, 100'000);
    REQUIRE(page);
    for (const AuditRecord& record : page->records) verifier.take(record);
    return verifier.finish(gaps());
  }
  /// As somebody would who has the file.
  void tamper(const std::string& sql) {
    journal.reset();
    change_database(directory.path(), sql);
    journal = opened(directory.path(), clock);
  }
  bool in_files(const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      if (content_of(entry.path()).find(text) != std::string::npos) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE_METHOD(ErasingFixture, "what a person had erased is gone, and the chain tells who, why and which") {
  for (std::uint64_t n = 1; n <= 9; ++n) finish(n, n % 3 == 0 ? "CN=Jane Doe" : "CN=somebody");
  const WorkItem other = finish(10, "CN=else", ItemState::Dead);
  CHECK(erase("jane doe") == 3);
  CHECK(journal->search("Jane", 10)->empty());
  CHECK(journal->find(other.id)->has_value());
  CHECK(journal->counts()->finished == 6);
  for (int i = 0; i < 2; ++i) {
    const auto verdict = verified();
    CHECK(verdict.faults.empty());
    CHECK(verdict.verified == 7);
    CHECK(verdict.erased == 3);
    CHECK(verdict.removed == 0);
    REQUIRE(verdict.erasures.size() == 1);
    const Erasure told{clock.wall_ms(), "alice", "case 7", 3, {{3, 3}, {6, 6}, {9, 9}}};
    CHECK(verdict.erasures.front() == told);
    CHECK(head().number == 11);
    CHECK(head().removed == 3);
    CHECK(journal->inspect()->faults.empty());
    journal.reset();
    journal = opened(directory.path(), clock);
  }
}

TEST_CASE_METHOD(ErasingFixture, "a second erasure finds nothing and leaves no record") {
  finish(1, "CN=Jane Doe");
  CHECK(erase("Jane Doe") == 1);
  const AuditHead before = head();
  CHECK(erase("Jane Doe") == 0);
  CHECK(head() == before);
  finish(2, "CN=Jane Doe");
  CHECK(erase("Jane Doe", "case 8") == 1);
  const auto verdict = verified();
  CHECK(verdict.erasures.size() == 2);
  CHECK(verdict.erased == 2);
}

TEST_CASE_METHOD(ErasingFixture, "what is open stays") {
  WorkItem open = fresh_item(journal->next_id(), 1);
  open.set_label("subject", "CN=Jane Doe");
  REQUIRE(commit_now(*journal, {open, true, {}}) == CommitResult::Committed);
  CHECK(erase("Jane Doe") == 0);
  CHECK(journal->find(open.id)->has_value());
}

TEST_CASE_METHOD(ErasingFixture, "erasures of any size and retention are told apart") {
  for (std::uint64_t n = 0; n < 600; ++n) finish(n, n % 2 == 0 ? "CN=Jane Doe" : "CN=somebody");
  CHECK(erase("Jane Doe") == 300);
  CHECK(verified().erasures.size() == 2);
  clock.set(clock.wall_ms() + 500 * kDay);
  const WorkItem young = finish(1000, "CN=somebody");
  REQUIRE(journal->expire() == 300u);
  auto verdict = verified();
  CHECK(verdict.faults.empty());
  CHECK(verdict.erased == 300);
  CHECK(verdict.removed == 300);
  CHECK(verdict.verified == 1);
  CHECK(erase("somebody") == 1);
  verdict = verified();
  CHECK(verdict.faults.empty());
  CHECK(verdict.erased == 301);
  CHECK(verdict.verified == 0);
}

TEST_CASE_METHOD(ErasingFixture, "whoever changes what an erasure left is found") {
  for (std::uint64_t n = 1; n <= 4; ++n) finish(n, n == 2 ? "CN=Jane Doe" : "CN=somebody");
  CHECK(erase("Jane Doe") == 1);
  finish(5, "CN=somebody");
  const SignedHead kept{clock.wall_ms(), head(), ""};
  CHECK(verified({kept}).heads == 1);
  SECTION("its reason") {
    tamper("UPDATE audit_erasures SET body = CAST(substr(body, 1, 20) || x'41' || substr(body, 22) AS BLOB)");
    CHECK_THAT(only_fault(verified()),
               Contains("the record of an erasure (audit number 5) is not as it was"));
  }
  SECTION("the record is taken away, as if retention had removed the item") {
    tamper("DELETE FROM audit_erasures");
    CHECK_THAT(only_fault(verified()), Contains("audit number 5 is missing"));
  }
  SECTION("one more item is taken away with it") {
    tamper("DELETE FROM done WHERE audit_number = 3");
    CHECK_THAT(only_fault(verified()), Contains("audit number 3 is missing"));
  }
  SECTION("the gap is taken away") {
    tamper("DELETE FROM audit_gaps");
    const auto verdict = verified();
    REQUIRE(verdict.faults.size() == 2);
    CHECK_THAT(verdict.faults[0], Contains("audit number 2 is missing"));
    CHECK_THAT(verdict.faults[1], Contains("nothing says was removed"));
  }
}

TEST_CASE_METHOD(ErasingFixture, "not a byte of what was erased is left in the files after the purge") {
  // Long enough for pages of its own, and among others so that pages are split and joined.
  const std::string name = "CN=Jane Unmistakable Doe";
  for (std::uint64_t n = 0; n < 400; ++n) {
    finish(n, n % 7 == 0 ? name + std::string(n % 5 * 900, 'x') : "CN=s" + std::string(n % 11 * 300, 'y'));
  }
  CHECK(in_files("Unmistakable"));
  CHECK(erase("unmistakable") == 58);
  const auto purge = journal->purge(false);
  REQUIRE(purge);
  CHECK(purge->rewritten);
  CHECK(!in_files("Unmistakable"));
  CHECK(verified().faults.empty());
  CHECK(journal->inspect()->faults.empty());
  finish(1000, "CN=later");
  CHECK(journal->search("later", 1)->size() == 1);
}

TEST_CASE_METHOD(ErasingFixture, "a journal that was opened for reading erases nothing") {
  finish(1, "CN=Jane Doe");
  CHECK(erase("Jane Doe") == 1);
  journal.reset();
  journal = opened(directory.path(), clock, true);
  CHECK(journal->erase({}).error().code == "journal.read_only");
  CHECK(journal->purge(true).error().code == "journal.read_only");
  CHECK(verified().erased == 1);
}

TEST_CASE("the record of an erasure is read as it was written") {
  const Erasure erasure{1'800'000'000'000, "alice", "case 7", 12, {{1, 1}, {5, 9}, {1u << 20u, 1u << 21u}}};
  CHECK(*decode_erasure(encode_erasure(erasure)) == erasure);
  CHECK(*decode_erasure(encode_erasure({})) == Erasure{});
  Bytes body = encode_erasure(erasure);
  CHECK(!decode_erasure({}));
  body.front() = 9;
  CHECK(decode_erasure(body).error().code == "journal.newer_schema");
  body = encode_erasure(erasure);
  body.pop_back();
  CHECK(decode_erasure(body).error().code == "journal.corrupt");
}

TEST_CASE("numbers become ranges") {
  CHECK(ranges_of({}).empty());
  CHECK(ranges_of({0, 0}).empty());
  CHECK(ranges_of({7, 3, 0, 4, 5, 9}) == std::vector<NumberRange>{{3, 5}, {7, 7}, {9, 9}});
}
