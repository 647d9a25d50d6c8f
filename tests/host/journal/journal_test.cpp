#include "host/journal/journal.hpp"

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct JournalFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  void reopen() {
    journal.reset();
    journal = opened(directory.path(), clock);
  }
  WorkItem accepted(std::uint64_t number) {
    WorkItem item = fresh_item(journal->next_id(), number);
    REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
    return item;
  }
};

std::vector<WorkId> ids_of(const Result<std::vector<WorkItem>>& items) {
  REQUIRE(items);
  std::vector<WorkId> ids;
  for (const WorkItem& item : *items) ids.push_back(item.id);
  return ids;
}

void check_same(const WorkItem& a, const WorkItem& b) {
  CHECK(a.id == b.id);
  CHECK(a.key == b.key);
  CHECK(a.poll_key == b.poll_key);
  CHECK(a.source == b.source);
  CHECK(a.pipeline == b.pipeline);
  CHECK(a.message == b.message);
  CHECK(a.transaction_id == b.transaction_id);
  CHECK(a.request == b.request);
  CHECK(a.request_digest == b.request_digest);
  CHECK(a.signer == b.signer);
  CHECK(a.labels == b.labels);
  CHECK(a.steps == b.steps);
  CHECK(a.step == b.step);
  CHECK(a.connector == b.connector);
  CHECK(a.tries == b.tries);
  CHECK(a.handle == b.handle);
  CHECK(a.note == b.note);
  CHECK(a.state == b.state);
  CHECK(a.accepted_at == b.accepted_at);
  CHECK(a.changed_at == b.changed_at);
  CHECK(a.next_at == b.next_at);
  CHECK(a.deadline == b.deadline);
  CHECK(a.outcome == b.outcome);
  CHECK(a.code == b.code);
  CHECK(a.reason == b.reason);
  CHECK(a.issuer == b.issuer);
  CHECK(a.certificate == b.certificate);
  CHECK(a.attempts == b.attempts);
}

}  // namespace

TEST_CASE_METHOD(JournalFixture, "an accepted item is there, whole, after a restart") {
  WorkItem item = fresh_item(journal->next_id(), 1);
  item.state = ItemState::Pending;
  item.handle = {1, 2, 3};
  item.note = {4, 5};
  REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
  reopen();

  const auto found = journal->find(item.id);
  REQUIRE(found);
  REQUIRE(found->has_value());
  check_same(**found, item);
}

TEST_CASE_METHOD(JournalFixture,
                 "a finished item keeps its certificate and loses request, signer and handle") {
  WorkItem item = accepted(1);
  item.state = ItemState::Pending;
  item.handle = {1, 2, 3};
  REQUIRE(commit_now(*journal, {item, false, {}}) == CommitResult::Committed);
  REQUIRE(commit_now(*journal, {issued(item), false, {}}) == CommitResult::Committed);
  reopen();

  const auto found = journal->find_by_key(item.key);
  REQUIRE(found);
  REQUIRE(found->has_value());
  const WorkItem& done = **found;
  CHECK(done.state == ItemState::Done);
  CHECK(done.certificate == issued(item).certificate);
  CHECK(done.attempts == issued(item).attempts);
  CHECK(done.labels == item.labels);
  CHECK(done.request.empty());
  CHECK(done.signer.empty());
  CHECK(done.handle.empty());
}

TEST_CASE_METHOD(JournalFixture, "a dead letter keeps what is needed to ask again, a refused item does not") {
  WorkItem item = accepted(1);
  item.state = ItemState::Pending;
  item.handle = {1, 2, 3};
  REQUIRE(commit_now(*journal, {item, false, {}}) == CommitResult::Committed);
  const ItemState ended = GENERATE(ItemState::Dead, ItemState::Failed);
  WorkItem finished = item;
  finished.state = ended;
  finished.outcome = Outcome::Rejected;
  REQUIRE(commit_now(*journal, {finished, false, {}}) == CommitResult::Committed);
  reopen();

  const bool kept = ended == ItemState::Dead;
  for (const auto& found : {journal->find(item.id), journal->find_by_key(item.key)}) {
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->request == (kept ? item.request : Bytes{}));
    CHECK((*found)->signer == (kept ? item.signer : Bytes{}));
    CHECK((*found)->handle.empty());
  }
}

TEST_CASE_METHOD(JournalFixture,
                 "what is over a limit is told apart from a lack of room, and leaves the rest alone") {
  const WorkItem item = accepted(1);
  WorkItem grown = item;
  grown.set_label("device", std::string(600'000, 'x'));
  WorkItem request = item;
  request.request = Bytes(600'000, 0x30);
  const Transition writes{item, false, {store_write("ca", "key", 0, std::string(70'000, 'x'))}};
  CHECK(commit_together(*journal,
                        {{grown, false, {}}, {request, false, {}}, writes, {issued(item), false, {}}}) ==
        std::vector{CommitResult::TooLarge, CommitResult::TooLarge, CommitResult::TooLarge,
                    CommitResult::Committed});
  CHECK(journal->note(item.id, item.epoch, Bytes(5000, 1)) == CommitResult::TooLarge);
  CHECK((*journal->find(item.id))->state == ItemState::Done);
}

TEST_CASE_METHOD(JournalFixture, "an item that begins and ends in one commit is never open") {
  const WorkItem item = issued(fresh_item(journal->next_id(), 1));
  REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
  const auto open = journal->claim_open();
  REQUIRE(open);
  CHECK(open->empty());
  CHECK((*journal->find(item.id))->state == ItemState::Done);
}

TEST_CASE_METHOD(JournalFixture,
                 "a second item with the key of an open one is refused, after it finished it is not") {
  WorkItem first = accepted(1);
  const WorkItem second = fresh_item(journal->next_id(), 1);
  CHECK(commit_now(*journal, {second, true, {}}) == CommitResult::KeyExists);
  CHECK(!*journal->find(second.id));

  REQUIRE(commit_now(*journal, {issued(first), false, {}}) == CommitResult::Committed);
  CHECK(commit_now(*journal, {second, true, {}}) == CommitResult::Committed);
  CHECK((*journal->find_by_key(key_of(1)))->id == second.id);
}

TEST_CASE_METHOD(JournalFixture,
                 "of items with one key the open one is found, else the newest finished one") {
  const WorkItem older = issued(accepted(1));
  REQUIRE(commit_now(*journal, {older, false, {}}) == CommitResult::Committed);
  const WorkItem newer = issued(accepted(1));
  REQUIRE(commit_now(*journal, {newer, false, {}}) == CommitResult::Committed);
  CHECK((*journal->find_by_key(key_of(1)))->id == newer.id);
  const WorkItem open = accepted(1);
  CHECK((*journal->find_by_key(key_of(1)))->id == open.id);
  CHECK(!*journal->find_by_key(key_of(2)));
}

TEST_CASE_METHOD(JournalFixture, "a transition with an older claim's epoch is dropped") {
  WorkItem item = accepted(1);
  const auto claimed = journal->claim_open();
  REQUIRE(claimed);
  REQUIRE(claimed->size() == 1);
  CHECK(claimed->front().epoch == item.epoch + 1);

  CHECK(commit_now(*journal, {issued(item), false, {}}) == CommitResult::StaleEpoch);
  CHECK(journal->note(item.id, item.epoch, Bytes{1}) == CommitResult::StaleEpoch);
  CHECK((*journal->find(item.id))->state == ItemState::Ready);
  CHECK(commit_now(*journal, {issued(claimed->front()), false, {}}) == CommitResult::Committed);
  CHECK(commit_now(*journal, {issued(claimed->front()), false, {}}) == CommitResult::StaleEpoch);
}

TEST_CASE_METHOD(JournalFixture, "claiming gives every open item, oldest first, with epochs that last") {
  std::vector<WorkId> ids;
  for (std::uint64_t n = 0; n < 20; ++n) ids.push_back(accepted(n).id);
  REQUIRE(commit_now(*journal, {issued(**journal->find(ids[3])), false, {}}) == CommitResult::Committed);
  ids.erase(ids.begin() + 3);
  REQUIRE(journal->claim_open());
  reopen();

  const auto claimed = journal->claim_open();
  REQUIRE(claimed);
  std::vector<WorkId> claimed_ids;
  for (const WorkItem& item : *claimed) {
    claimed_ids.push_back(item.id);
    CHECK(item.epoch == 2);
    CHECK(item.request == fresh_item(item.id, 0).request);
  }
  CHECK(claimed_ids == ids);
}

TEST_CASE_METHOD(JournalFixture, "a note is there after a restart") {
  const WorkItem item = accepted(1);
  REQUIRE(journal->note(item.id, item.epoch, Bytes{9, 8, 7}) == CommitResult::Committed);
  reopen();
  CHECK((*journal->find(item.id))->note == Bytes{9, 8, 7});
  CHECK((*journal->find(item.id))->request == item.request);
}

TEST_CASE_METHOD(JournalFixture, "members of one group that do not fit fail alone") {
  const WorkItem open = accepted(1);
  WorkItem stale = issued(open);
  stale.epoch = 7;
  WorkItem oversized = fresh_item(journal->next_id(), 20);
  oversized.request = Bytes(600 * 1024);
  std::vector<Transition> group;
  group.push_back({fresh_item(journal->next_id(), 10), true, {}});
  group.push_back({fresh_item(journal->next_id(), 10), true, {}});  // the key of the one before
  group.push_back({stale, false, {}});
  group.push_back({oversized, true, {}});
  group.push_back({fresh_item(journal->next_id(), 11), true, {store_write("ca", "x", 5, "")}});
  group.push_back({fresh_item(journal->next_id(), 12), true, {}});
  CHECK(commit_together(*journal, group) == std::vector{CommitResult::Committed, CommitResult::KeyExists,
                                                        CommitResult::StaleEpoch, CommitResult::TooLarge,
                                                        CommitResult::Conflict, CommitResult::Committed});
  CHECK(*journal->find_by_key(key_of(10)));
  CHECK(!*journal->find_by_key(key_of(11)));
  CHECK(*journal->find_by_key(key_of(12)));
}

TEST_CASE_METHOD(JournalFixture,
                 "items are found by transaction id, serial in any spelling, and part of the subject") {
  WorkItem item = accepted(41);
  item = issued(item);
  item.set_label("serial", "0A:FF:10");
  REQUIRE(commit_now(*journal, {item, false, {}}) == CommitResult::Committed);
  const WorkItem open = accepted(42);

  const auto ids = [&](std::string_view text) { return ids_of(journal->search(text, 10)); };
  CHECK(ids("txn-41") == std::vector{item.id});
  CHECK(ids("txn-42") == std::vector{open.id});
  CHECK(ids("aff10") == std::vector{item.id});
  CHECK(ids("0a:ff:10") == std::vector{item.id});
  CHECK(ids("device 4") == std::vector{open.id, item.id});
  CHECK(ids("o=EXAMPLE").size() == 2);
  CHECK(ids("nobody").empty());
  CHECK(ids("").empty());
  CHECK(journal->search("device", 1)->size() == 1);
}

TEST_CASE_METHOD(JournalFixture, "a poll finds the newest item of its key and transaction") {
  const WorkItem item = accepted(1);
  CHECK((*journal->find_by_poll_key(*item.poll_key, item.transaction_id))->id == item.id);
  CHECK(!*journal->find_by_poll_key(key_of(5), item.transaction_id));
  CHECK(!*journal->find_by_poll_key(*item.poll_key, "txn-2"));
  CHECK(!*journal->find_by_poll_key(*item.poll_key, ""));
}

TEST_CASE_METHOD(JournalFixture, "lists are filtered by state and connector, newest first") {
  const WorkItem a = accepted(1);
  const WorkItem b = accepted(2);
  WorkItem dead = accepted(3);
  dead.state = ItemState::Dead;
  dead.outcome = Outcome::Unavailable;
  REQUIRE(commit_now(*journal, {dead, false, {}}) == CommitResult::Committed);
  REQUIRE(commit_now(*journal, {issued(a), false, {}}) == CommitResult::Committed);

  const auto ids = [&](const std::function<void(ItemFilter&)>& set) {
    ItemFilter filter;
    set(filter);
    return ids_of(journal->list(filter));
  };
  CHECK(ids([](ItemFilter&) {}) == std::vector{dead.id, b.id, a.id});
  CHECK(ids([](ItemFilter& f) { f.open = false; }) == std::vector{dead.id, a.id});
  CHECK(ids([](ItemFilter& f) { f.finished = false; }) == std::vector{b.id});
  CHECK(ids([](ItemFilter& f) { f.state = ItemState::Dead; }) == std::vector{dead.id});
  CHECK(ids([](ItemFilter& f) { f.state = ItemState::Ready; }) == std::vector{b.id});
  CHECK(ids([](ItemFilter& f) { f.connector = "corp-ca-2"; }).size() == 3);
  CHECK(ids([](ItemFilter& f) { f.connector = "elsewhere"; }).empty());
  CHECK(ids([](ItemFilter& f) { f.limit = 1; }) == std::vector{dead.id});
}

TEST_CASE_METHOD(JournalFixture, "counts follow the items and last") {
  const WorkItem a = accepted(1);
  WorkItem b = accepted(2);
  accepted(3);
  b.state = ItemState::Held;
  REQUIRE(commit_now(*journal, {b, false, {}}) == CommitResult::Committed);
  REQUIRE(commit_now(*journal, {issued(a), false, {}}) == CommitResult::Committed);
  b.state = ItemState::Dead;
  const auto check = [&](std::uint64_t ready, std::uint64_t held, std::uint64_t finished,
                         std::uint64_t dead) {
    const auto counts = journal->counts();
    REQUIRE(counts);
    CHECK(counts->ready == ready);
    CHECK(counts->held == held);
    CHECK(counts->finished == finished);
    CHECK(counts->dead == dead);
  };
  check(1, 1, 1, 0);
  reopen();
  check(1, 1, 1, 0);
  REQUIRE(commit_now(*journal, {b, false, {}}) == CommitResult::Committed);
  check(1, 0, 1, 1);
}
