#include "host/journal/item_codec.hpp"

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

WorkItem full_item() {
  WorkItem item = issued(fresh_item(WorkId{77}, 5));
  item.step = 3;
  item.connector = 1;
  item.tries = 4;
  item.next_at = -5;
  item.code = "acme.quota";
  item.reason = "the quota is used up";
  item.outcome = Outcome::Rejected;
  item.set_label("", "");
  item.steps[1].retry = {0, std::chrono::milliseconds{0}, std::chrono::milliseconds{-1}};
  item.steps.push_back({});
  item.steps.back().connectors = {"", "x"};
  item.attempts.push_back({});
  return item;
}

WorkItem decoded(BytesView body) {
  WorkItem item;
  const auto result = decode_item(body, item);
  if (!result) FAIL(result.error().message);
  return item;
}

}  // namespace

TEST_CASE("every field of an item's body is read back, empty and odd ones too") {
  WorkItem item = full_item();
  item.state = ItemState::Pending;
  const WorkItem back = decoded(encode_item(item));
  CHECK(back.poll_key == item.poll_key);
  CHECK(back.signer == item.signer);
  CHECK(back.labels == item.labels);
  CHECK(back.steps == item.steps);
  CHECK(back.step == 3);
  CHECK(back.connector == 1);
  CHECK(back.tries == 4);
  CHECK(back.next_at == -5);
  CHECK(back.outcome == Outcome::Rejected);
  CHECK(back.code == item.code);
  CHECK(back.reason == item.reason);
  CHECK(back.certificate == item.certificate);
  CHECK(back.attempts == item.attempts);
}

TEST_CASE("a finished item's body is about the certificate and some hundred bytes") {
  const WorkItem item = issued(fresh_item(WorkId{1}, 1));
  CHECK(encode_item(item).size() < item.certificate.size() + 400);
}

TEST_CASE("of the attempts the newest are kept") {
  WorkItem item = fresh_item(WorkId{1}, 1);
  for (std::uint32_t n = 0; n < 50; ++n) item.attempts.push_back({n, "issue", "", "", {}, "", "", 0, 0});
  const WorkItem back = decoded(encode_item(item));
  REQUIRE(back.attempts.size() == WorkItem::kMostAttempts);
  CHECK(back.attempts.front().step == 18);
  CHECK(back.attempts.back().step == 49);
}

TEST_CASE("a body cut short or changed anywhere is refused or read, never worse") {
  const Bytes body = encode_item(full_item());
  WorkItem item;
  CHECK(!decode_item({}, item));
  int refused = 0;
  for (std::size_t size = 0; size < body.size(); ++size) {
    WorkItem cut;
    if (!decode_item(BytesView(body).first(size), cut)) ++refused;
  }
  CHECK(refused > static_cast<int>(body.size() / 2));
  for (std::size_t at = 0; at < body.size(); ++at) {
    Bytes changed = body;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 0xff);
    WorkItem odd;
    static_cast<void>(decode_item(changed, odd));
  }
}

TEST_CASE("a body is refused that is too large, of an unknown field, or of a newer program") {
  WorkItem item;
  CHECK(decode_item(Bytes(kMostBody + 1, 1), item).error().code == "journal.corrupt");
  CHECK(decode_item(Bytes{1, 200, 0}, item).error().code == "journal.corrupt");
  CHECK(decode_item(Bytes{0}, item).error().code == "journal.corrupt");
  CHECK(decode_item(Bytes{2}, item).error().code == "journal.newer_schema");
  // A length that does not end, and one that lies beyond 64 bits.
  CHECK(!decode_item(Bytes{1, 2, 0x80, 0x80}, item));
  CHECK(!decode_item(Bytes{1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, item));
}

TEST_CASE("the secrets are read back, and nothing else passes for them") {
  WorkItem item;
  item.request = {1, 2, 3};
  item.handle = {4};
  WorkItem back;
  REQUIRE(decode_secrets(encode_secrets(item), back));
  CHECK(back.request == item.request);
  CHECK(back.handle == item.handle);
  CHECK(!decode_secrets(Bytes{9, 0}, back));
  CHECK(!decode_secrets(Bytes{1, 200}, back));
}
