#include "host/loading/worker/foresight.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <certspan/testing/fake_host.hpp>

#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

const Bytes kKey(32, 'k');
const Bytes kOtherKey(32, 'o');

Bytes question(Service service, BytesView key) {
  FrameWriter frame(FrameKind::Ask, static_cast<std::uint8_t>(service));
  frame.bytes(key);
  return copy_of(frame.frame());
}

Bytes named(BytesView item_key) {
  Bytes name(1 + item_key.size(), 'i');
  std::ranges::copy(item_key, name.begin() + 1);
  return name;
}

/// A desk of a host whose store has one record, of kOtherKey.
struct ForesightTest {
  ForesightTest() {
    const certspan_store_write write{to_abi(BytesView(record)), 0, to_abi(as_bytes("stored")), 0};
    REQUIRE(host.store.commit(&write, 1) == CERTSPAN_OK);
  }
  std::vector<BytesView> foresee(Call call, BytesView key) {
    ahead.clear();
    foresight.foresee(call, key, desk, ahead);
    std::vector<BytesView> frames;
    CHECK(each_frame(ahead.view(), [&](BytesView frame) {
      frames.push_back(frame);
      return true;
    }));
    return frames;
  }

  const Bytes record = named(kOtherKey);
  sdk::testing::FakeHost host;
  const ServiceTables tables{host.c_host()};
  LogQuota quota;
  ServiceDesk desk{tables, quota, nullptr, nullptr};
  Foresight foresight;
  WipedBytes ahead;
};

TEST_CASE("a record that bears the item's key is read ahead for the next item") {
  ForesightTest test;
  CHECK(test.foresee(Call::Issue, kOtherKey).empty());
  test.foresight.learn(Call::Issue, kKey, question(Service::StoreGet, named(kKey)));
  CHECK(test.foresee(Call::Lookup, kOtherKey).empty());
  const auto frames = test.foresee(Call::Issue, kOtherKey);
  REQUIRE(frames.size() == 2);
  CHECK(equal(frames[0], question(Service::StoreGet, named(kOtherKey))));
  FrameReader reply(frames[1]);
  CHECK(reply.kind() == FrameKind::Reply);
  CHECK(reply.number<std::uint8_t>() == 1);
  CHECK(equal(reply.bytes(), named(kOtherKey)));
  CHECK(reply.number<std::uint64_t>() == 1);
  CHECK(as_text(reply.bytes()) == "stored");
}

TEST_CASE("what other calls may change meanwhile is not read ahead") {
  ForesightTest test;
  test.foresight.learn(Call::Issue, kKey, question(Service::StoreGet, as_bytes("a counter of all items")));
  test.foresight.learn(Call::Issue, kKey, question(Service::OpenSecret, named(kKey)));
  test.foresight.learn(Call::Issue, {}, question(Service::StoreGet, named(kKey)));
  CHECK(test.foresee(Call::Issue, kOtherKey).empty());
}

TEST_CASE("a question that was foreseen often has to be asked again") {
  ForesightTest test;
  test.foresight.learn(Call::Issue, kKey, question(Service::StoreGet, named(kKey)));
  std::size_t foreseen = 0;
  while (foreseen < 10'000 && !test.foresee(Call::Issue, kOtherKey).empty()) ++foreseen;
  CHECK(foreseen > 100);
  CHECK(foreseen < 10'000);
}

}  // namespace
}  // namespace certspan::worker
