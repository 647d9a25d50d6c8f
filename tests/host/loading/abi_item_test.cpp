#include "host/loading/abi_item.hpp"

#include <catch2/catch.hpp>

#include "host/services/abi_views.hpp"

namespace certspan {
namespace {

TEST_CASE("a call carries the whole item") {
  WorkItem item;
  item.id = WorkId{42};
  item.key.fill(7);
  item.source = "scep";
  item.pipeline = "device-wifi";
  item.message = "renewal";
  item.transaction_id = "T1";
  item.request = {1, 2, 3};
  item.signer = {4};
  item.handle = {5};
  item.note = {6};
  item.labels = {{"device", "lt-42"}, {"user", "ann"}};
  item.steps.resize(2);
  item.steps[1].profile = "wifi";
  item.step = 1;
  const AbiItem abi(item, {3, std::chrono::steady_clock::time_point(std::chrono::seconds(9))});

  const certspan_item& got = *abi.get();
  CHECK(got.struct_size == sizeof(certspan_item));
  CHECK(got.attempt == 3);
  CHECK(got.deadline_ns == 9'000'000'000u);
  CHECK(from_abi(got.id) == to_string(WorkId{42}));
  CHECK(equal(from_abi(got.key), item.key));
  CHECK(from_abi(got.source) == "scep");
  CHECK(from_abi(got.pipeline) == "device-wifi");
  CHECK(from_abi(got.message) == "renewal");
  CHECK(from_abi(got.transaction_id) == "T1");
  CHECK(equal(from_abi(got.request), item.request));
  CHECK(equal(from_abi(got.signer), item.signer));
  CHECK(from_abi(got.profile) == "wifi");
  CHECK(equal(from_abi(got.handle), item.handle));
  CHECK(equal(from_abi(got.note), item.note));
  REQUIRE(got.label_count == 2);
  CHECK(from_abi(got.labels[1].name) == "user");
  CHECK(from_abi(got.labels[1].value) == "ann");
}

TEST_CASE(
    "an issuer's key is the same on every call of an item, and another one for the next item of the same "
    "bytes") {
  WorkItem item;
  item.id = WorkId{42};
  item.key.fill(7);
  const auto issuer_key = [](const WorkItem& of) {
    return copy_of(from_abi(AbiItem(of, {}, CallKey::Item).get()->key));
  };
  const Bytes first = issuer_key(item);
  CHECK(first.size() == 32);
  CHECK_FALSE(equal(first, item.key));
  item.state = ItemState::Done;
  CHECK(issuer_key(item) == first);
  item.id = WorkId{43};
  CHECK(issuer_key(item) != first);
  item.id = WorkId{42};
  item.key.fill(8);
  CHECK(issuer_key(item) != first);
}

TEST_CASE(
    "a CA outside sees a key that does not hang on the work id, so that it can be asked after a restore, and "
    "another one at the next turn") {
  WorkItem item;
  item.id = WorkId{42};
  item.key.fill(7);
  const auto issuer_key = [](const WorkItem& of) {
    return copy_of(from_abi(AbiItem(of, {}, CallKey::Turn).get()->key));
  };
  const Bytes by_id = issuer_key(item);  // of an older certspan
  CHECK(by_id == copy_of(from_abi(AbiItem(item, {}, CallKey::Item).get()->key)));
  item.turn = 65536;
  const Bytes first = issuer_key(item);
  CHECK(first != by_id);
  CHECK_FALSE(equal(first, item.key));
  item.id = WorkId{43};
  CHECK(issuer_key(item) == first);
  item.turn = 65537;
  CHECK(issuer_key(item) != first);
}

TEST_CASE("an item without steps has no profile, and no time is before the clock's zero") {
  const WorkItem item;
  const AbiItem abi(item, {});
  CHECK(abi.get()->profile.size == 0);
  CHECK(abi.get()->deadline_ns == 0);
  CHECK(to_abi_ns(std::chrono::steady_clock::time_point(std::chrono::seconds(-1))) == 0);
}

}  // namespace
}  // namespace certspan
