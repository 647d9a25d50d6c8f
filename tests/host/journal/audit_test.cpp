#include "host/journal/audit.hpp"

#include <catch2/catch.hpp>

#include "host/journal/audit_verifier.hpp"
#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

constexpr std::size_t kPage = 3;  // small, so that the pages have ends

std::vector<AuditGap> gaps_of(Journal& journal) {
  std::vector<AuditGap> all;
  for (;;) {
    const auto some = journal.audit_gaps(all.empty() ? 0 : all.back().first, kPage);
    REQUIRE(some);
    if (some->empty()) return all;
    all.insert(all.end(), some->begin(), some->end());
  }
}

struct AuditFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  AuditHead head() const {
    const auto head = journal->audit_head();
    REQUIRE(head);
    return *head;
  }
  /// Finishes an item at the clock's time.
  WorkItem finish(std::uint64_t number, ItemState state = ItemState::Done) const {
    WorkItem item = issued(fresh_item(journal->next_id(), number));
    item.state = state;
    item.accepted_at = item.changed_at = clock.wall_ms();
    item.certificate.clear();
    REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
    return item;
  }
  AuditVerifier::Verdict verified(std::vector<SignedHead> kept = {}) const {
    AuditVerifier verifier(head(), gaps_of(*journal), std::move(kept));
    WorkId after{};
    for (bool more = true; more;) {
      auto page = journal->audit_page(after, kPage);
      REQUIRE(page);
      for (AuditRecord& record : page->records) verifier.take(std::move(record));
      after = page->last;
      more = page->more;
    }
    return verifier.finish(gaps_of(*journal));
  }
  void reopen() {
    journal.reset();
    journal = opened(directory.path(), clock);
  }
  /// As somebody would who has the file.
  void tamper(const std::string& sql) {
    journal.reset();
    change_database(directory.path(), sql);
    journal = opened(directory.path(), clock);
  }
  SignedHead kept() const { return {clock.wall_ms(), head(), ""}; }
};

std::string number_of(const WorkItem& item) {
  return std::to_string(static_cast<std::uint64_t>(item.id));
}

}  // namespace

using Catch::Contains;

TEST_CASE_METHOD(AuditFixture, "the chain of what finished is whole, whatever the order and the end") {
  CHECK(verified().faults.empty());
  const WorkItem first_accepted = fresh_item(journal->next_id(), 100);
  REQUIRE(commit_now(*journal, {first_accepted, true, {}}) == CommitResult::Committed);
  for (std::uint64_t n = 0; n < 9; ++n) finish(n, n % 3 == 0 ? ItemState::Failed : ItemState::Done);
  finish(20, ItemState::Dead);
  REQUIRE(commit_now(*journal, {issued(first_accepted), false, {}}) == CommitResult::Committed);
  CHECK(head().number == 11);
  for (int i = 0; i < 2; ++i) {
    const auto verdict = verified();
    CHECK(verdict.faults.empty());
    CHECK(verdict.verified == 11);
    reopen();
  }
  finish(30);
  CHECK(verified().verified == 12);
}

TEST_CASE_METHOD(AuditFixture,
                 "items that finish together each have a place of their own, and a failed commit has none") {
  std::vector<Transition> transitions;
  for (std::uint64_t n = 0; n < 50; ++n) {
    transitions.push_back({issued(fresh_item(journal->next_id(), n)), true, {}});
  }
  transitions[7].writes = {store_write("ca", "key", 99, "conflicts")};
  commit_together(*journal, std::move(transitions));
  CHECK(head().number == 49);
  CHECK(verified().verified == 49);
  CHECK(verified().faults.empty());
}

TEST_CASE_METHOD(AuditFixture, "a changed record is found and named") {
  std::vector<WorkItem> items;
  for (std::uint64_t n = 0; n < 8; ++n) items.push_back(finish(n));
  const WorkItem& changed = items.at(GENERATE(0u, 4u, 7u));
  SECTION("its content") {
    tamper("UPDATE done SET body = (SELECT body FROM done WHERE id <> " + number_of(changed) +
           " LIMIT 1) WHERE id = " + number_of(changed));
  }
  SECTION("how it ended") {
    tamper("UPDATE done SET state = 5 WHERE id = " + number_of(changed));
  }
  SECTION("whose it was") {
    tamper("UPDATE done SET key = zeroblob(32) WHERE id = " + number_of(changed));
  }
  const auto verdict = verified();
  CHECK_THAT(only_fault(verdict), Contains(to_string(changed.id)) && Contains("not as it was"));
  CHECK(verdict.verified == 7);
}

TEST_CASE_METHOD(AuditFixture, "a record that was taken away is found, in the middle and at the end") {
  std::vector<WorkItem> items;
  for (std::uint64_t n = 0; n < 8; ++n) items.push_back(finish(n));
  SECTION("in the middle") {
    tamper("DELETE FROM done WHERE id IN (" + number_of(items[3]) + "," + number_of(items[4]) + ")");
    CHECK_THAT(only_fault(verified()), Contains("audit numbers 4 to 5 is missing"));
  }
  SECTION("at the end") {
    tamper("DELETE FROM done WHERE id = " + number_of(items[7]));
    CHECK_THAT(only_fault(verified()), Contains("audit number 8") && Contains("newest"));
  }
  SECTION("the first") {
    tamper("DELETE FROM done WHERE id = " + number_of(items[0]));
    CHECK_THAT(only_fault(verified()), Contains("audit number 1 is missing"));
  }
}

TEST_CASE_METHOD(AuditFixture, "a chain that was cut or written anew is not the one that was told outside") {
  for (std::uint64_t n = 0; n < 4; ++n) finish(n);
  const SignedHead early = kept();
  const WorkItem last = finish(4);
  const SignedHead late = kept();
  CHECK(verified({early, late}).heads == 2);
  SECTION("cut, and the totals with it") {
    tamper("DELETE FROM done WHERE id = " + number_of(last) +
           ";UPDATE totals SET finished = 4, audit_number = 4, audit_hash = x'" + to_hex(early.head.hash) +
           "'");
    CHECK(verified().faults.empty());
    CHECK_THAT(only_fault(verified({early, late})), Contains("ends at number 4, but number 5"));
  }
  SECTION("another chain") {
    journal.reset();
    std::filesystem::remove_all(directory.path());
    journal = opened(directory.path(), clock);
    for (std::uint64_t n = 0; n < 6; ++n) finish(n + 50);
    CHECK(verified().faults.empty());
    const auto verdict = verified({early, late});
    REQUIRE(verdict.faults.size() == 2);
    CHECK_THAT(verdict.faults[0], Contains("audit number 4 the chain is another one"));
  }
}

TEST_CASE_METHOD(AuditFixture, "what retention removes leaves a chain that can be followed over it") {
  std::vector<WorkItem> items;
  for (std::uint64_t n = 0; n < 6; ++n) items.push_back(finish(n));
  const SignedHead before = kept();
  // One certificate in the middle is still good for years, so its item stays.
  WorkItem good = issued(fresh_item(journal->next_id(), 50));
  good.accepted_at = good.changed_at = clock.wall_ms();
  good.certificate = Bytes(900, 0x33);
  good.set_label("not_after", "2030-01-01T00:00:00Z");
  REQUIRE(commit_now(*journal, {good, true, {}}) == CommitResult::Committed);
  for (std::uint64_t n = 10; n < 16; ++n) finish(n, ItemState::Failed);
  clock.set(kStart + 401 * kDay);
  const WorkItem young = finish(20);
  REQUIRE(journal->expire() == 12u);
  CHECK(gaps_of(*journal).size() == 2);
  CHECK(head().removed == 12);
  auto verdict = verified({before, kept()});
  CHECK(verdict.faults.empty());
  CHECK(verdict.verified == 2);
  CHECK(verdict.removed == 12);
  CHECK(verdict.heads == 2);

  clock.set(kStart + 3000 * kDay);
  const WorkItem newest = finish(21);
  REQUIRE(journal->expire() == 2u);
  CHECK(gaps_of(*journal).size() == 1);
  reopen();
  verdict = verified({before, kept()});
  CHECK(verdict.faults.empty());
  CHECK(verdict.removed == 14);
  CHECK(verdict.heads == 1);
  CHECK(verdict.old_heads == 1);

  SECTION("and a change before it is found nevertheless") {
    tamper("UPDATE done SET state = 5 WHERE id = " + number_of(newest));
    CHECK_THAT(only_fault(verified()), Contains(to_string(newest.id)));
  }
  SECTION("a gap that somebody made is found") {
    tamper("DELETE FROM done WHERE id = " + number_of(newest) +
           ";INSERT INTO audit_gaps VALUES (15, 15, zeroblob(32), zeroblob(32))");
    CHECK(verified().faults.size() == 2);
  }
  SECTION("a record that was changed before retention took it leaves its mark") {
    tamper("UPDATE done SET state = 5 WHERE id = " + number_of(newest));
    finish(22);
    clock.set(kStart + 3500 * kDay);
    finish(23);
    REQUIRE(journal->expire() == 2u);
    CHECK(verified().faults.size() == 1);
  }
}

TEST_CASE_METHOD(AuditFixture, "what finishes or goes while the chain is followed is no fault") {
  for (std::uint64_t n = 0; n < 6; ++n) finish(n);
  clock.set(kStart + 401 * kDay);
  for (std::uint64_t n = 10; n < 13; ++n) finish(n);
  AuditVerifier verifier(head(), gaps_of(*journal), {});
  const auto page = journal->audit_page(WorkId{}, 2);
  REQUIRE(page);
  for (const AuditRecord& record : page->records) verifier.take(record);
  REQUIRE(journal->expire() == 6u);
  finish(30);
  auto rest = journal->audit_page(page->last, 100);
  REQUIRE(rest);
  for (AuditRecord& record : rest->records) verifier.take(std::move(record));
  const auto verdict = verifier.finish(gaps_of(*journal));
  CHECK(verdict.faults.empty());
  CHECK(verdict.verified == 5);
  CHECK(verdict.removed == 4);
}

TEST_CASE_METHOD(AuditFixture,
                 "a head that was told outside says who signed it, and no digit of it can be changed") {
  const auto signer = HeadSigner::open(directory.path());
  REQUIRE(signer);
  finish(1);
  const auto line = signer->sign(head(), 1234);
  REQUIRE(line);
  const auto read = read_signed_head("<85>Nov 22 05:16:30 scep certspan[7]: " + *line + "\r");
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((*read)->head == head());
  CHECK((*read)->time == 1234);
  CHECK((*read)->key == signer->key());
  CHECK(HeadSigner::open(directory.path())->key() == signer->key());
  CHECK(!*read_signed_head("Nov 22 05:16:30 scep sshd[8]: something else"));
  CHECK(read_signed_head(line->substr(0, line->size() - 1)).error().code == "audit.bad_head");
  for (const std::string what : {"number=", "hash=", "removed=", "time_ms=", "key=", "signature="}) {
    std::string changed = *line;
    char& digit = changed.at(changed.find(what) + what.size());
    digit = digit == '1' ? '2' : '1';
    CHECK(read_signed_head(changed).error().code == "audit.bad_head");
  }
}

TEST_CASE_METHOD(AuditFixture, "the chain of a journal that was opened for reading is the same") {
  for (std::uint64_t n = 0; n < 5; ++n) finish(n);
  const AuditHead before = head();
  journal.reset();
  journal = opened(directory.path(), clock, true);
  CHECK(head() == before);
  CHECK(verified().verified == 5);
  CHECK(!*HeadSigner::find(directory.path()));
}
