#include "tests/host/journal/journal_items.hpp"

#include <cstring>

#include "host/base/mutex.hpp"

namespace certspan::testing {

ItemKey key_of(std::uint64_t number) {
  ItemKey key{};
  key.fill(0x5a);
  std::memcpy(key.data(), &number, sizeof(number));
  return key;
}

WorkItem fresh_item(WorkId id, std::uint64_t number) {
  WorkItem item;
  item.id = id;
  item.key = key_of(number);
  item.poll_key = key_of(number + 1'000'000'000);
  item.source = "scep";
  item.pipeline = "device-wifi";
  item.message = "enrolment";
  item.transaction_id = "txn-" + std::to_string(number);
  item.request = Bytes(800, 0x30);
  item.request_digest = key_of(number + 2'000'000'000);
  item.signer = Bytes(700, 0x31);
  item.set_label("subject", "CN=Device " + std::to_string(number) + ",O=Example");
  item.steps = {{StepKind::Validate, {"intune"}, "", std::chrono::milliseconds(5000), {}, true, false, {}, 0},
                {StepKind::Issue,
                 {"corp-ca", "corp-ca-2"},
                 "wifi",
                 std::chrono::milliseconds(20000),
                 {},
                 true,
                 false,
                 {},
                 0}};
  item.accepted_at = 1'800'000'000'000;
  item.changed_at = item.accepted_at;
  item.next_at = item.accepted_at;
  item.deadline = item.accepted_at + 60'000;
  return item;
}

WorkItem issued(WorkItem item) {
  item.state = ItemState::Done;
  item.outcome = Outcome::Ok;
  item.issuer = "corp-ca";
  item.certificate = Bytes(900, 0x33);
  item.step = 2;
  item.changed_at += 700;
  item.attempts.push_back({1, "issue", "corp-ca", "1.2.0", Outcome::Ok, "", "", item.changed_at, 412});
  return item;
}

StoreWrite store_write(std::string connector, std::string key, std::uint64_t expected, std::string value) {
  return {std::move(connector), copy_of(as_bytes(key)), expected, copy_of(as_bytes(value))};
}

CommitResult commit_now(Journal& journal, Transition transition) {
  std::vector<Transition> one;
  one.push_back(std::move(transition));
  return commit_together(journal, std::move(one)).front();
}

std::vector<CommitResult> commit_together(Journal& journal, std::vector<Transition> transitions) {
  Mutex mutex;
  Condition told;
  std::size_t left = transitions.size();
  std::vector<CommitResult> results(transitions.size(), CommitResult::Failed);
  for (std::size_t i = 0; i < transitions.size(); ++i) {
    journal.commit(std::move(transitions[i]), [&, i](CommitResult result) {
      const MutexLock lock(mutex);
      results[i] = result;
      if (--left == 0) told.notify_one();
    });
  }
  MutexLock lock(mutex);
  while (left > 0) told.wait(lock);
  return results;
}

}  // namespace certspan::testing
