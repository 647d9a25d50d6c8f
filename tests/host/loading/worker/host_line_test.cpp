// What a worker's calls tell its host late, and what the host makes of it.
#include "host/loading/worker/host_line.hpp"

#include <thread>

#include <certspan/testing/fake_host.hpp>

#include <catch2/catch.hpp>

#include "host/loading/worker/service_desk.hpp"
#include "host/loading/worker/transfer.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

using Writes = HostLine::Writes;
constexpr auto kAnyTime = std::chrono::steady_clock::time_point::max();

FrameWriter frame_of(FrameKind kind, Service service) {
  return FrameWriter(kind, static_cast<std::uint8_t>(service));
}

FrameWriter response(std::string_view body) {
  FrameWriter frame = frame_of(FrameKind::Tell, Service::Respond);
  certspan_http_response told{};
  told.status = 200;
  told.body = to_abi(as_bytes(body));
  transfer(frame, told);
  return frame;
}

certspan_store_write write_of(std::string_view key, std::uint64_t revision) {
  return {to_abi(as_bytes(key)), revision, to_abi(as_bytes("value")), 0};
}

/// Both ends of a slot in one process.
struct LineTest {
  bool end(HostLine& line) {
    REQUIRE(line.end(FrameWriter(FrameKind::Done, 0)));
    REQUIRE(slot.first.receive(received, kAnyTime) == Received::Frame);
    return desk.end(FrameReader(received.view()));
  }
  bool stored(const std::string& key) const { return host.store.records().contains(key); }

  sdk::testing::FakeHost host;
  sdk::testing::FakeExchange exchange;
  const ServiceTables tables{host.c_host()};
  LogQuota quota;
  ServiceDesk desk{tables, quota, nullptr, exchange.c_exchange()};
  std::pair<FrameSocket, FrameSocket> slot = FrameSocket::pair();
  WipedBytes received;
};

TEST_CASE("a write that the call has seen to be possible goes with the end of the call") {
  LineTest test;
  HostLine line(test.slot.second, {}, Writes::Seen);
  const std::array writes = {write_of("read", 0), write_of("any", CERTSPAN_STORE_ANY)};
  CHECK_FALSE(HostLine::stage(writes.data(), writes.size()));
  HostLine::saw(as_bytes("read"), 0);
  CHECK(HostLine::stage(writes.data(), writes.size()));
  // What this call has written, it has to look at again.
  CHECK_FALSE(HostLine::stage(writes.data(), writes.size()));
  CHECK(test.end(line));
  CHECK(test.stored("read"));
  CHECK(test.stored("any"));
  CHECK_FALSE(test.desk.broke_promise());
}

TEST_CASE("a call of which nothing remains without its writes need not have looked") {
  LineTest test;
  HostLine line(test.slot.second, {}, Writes::Presumed);
  const auto write = write_of("unseen", 0);
  CHECK(HostLine::stage(&write, 1));
  CHECK(HostLine::stage(&write, 1));
  CHECK(test.end(line));
  CHECK(test.stored("unseen"));
  CHECK(test.desk.broke_promise());  // there was one by then
}

TEST_CASE("a write in a call without an item, and a large one, are asked for") {
  LineTest test;
  const auto any = write_of("any", CERTSPAN_STORE_ANY);
  CHECK_FALSE(HostLine::stage(&any, 1));
  {
    const HostLine line(test.slot.second, {}, Writes::Asked);
    CHECK_FALSE(HostLine::stage(&any, 1));
  }
  const HostLine line(test.slot.second, {}, Writes::Seen);
  const Bytes large(20'000, 'x');
  auto write = any;
  write.value = to_abi(BytesView(large));
  CHECK_FALSE(HostLine::stage(&write, 1));
  const std::vector<certspan_store_write> many(17, any);
  CHECK_FALSE(HostLine::stage(many.data(), many.size()));
}

TEST_CASE("a call whose write somebody else was faster with is void") {
  LineTest test;
  HostLine line(test.slot.second, {}, Writes::Seen);
  HostLine::saw(as_bytes("read"), 0);
  const auto write = write_of("read", 0);
  REQUIRE(HostLine::stage(&write, 1));
  REQUIRE(test.host.store.commit(&write, 1) == CERTSPAN_OK);
  CHECK(test.end(line));
  CHECK(test.desk.broke_promise());
}

TEST_CASE("a question comes to the host behind the writes that wait") {
  LineTest test;
  const HostLine line(test.slot.second, {}, Writes::Seen);
  const auto write = write_of("key", CERTSPAN_STORE_ANY);
  REQUIRE(HostLine::stage(&write, 1));
  std::thread host([&test] {
    WipedBytes asked;
    FrameWriter reply = frame_of(FrameKind::Reply, Service::StoreGet);
    const bool served = test.slot.first.receive(asked, kAnyTime) == Received::Frame &&
                        test.desk.serve(asked.view(), reply) && test.slot.first.send(reply.frame());
    if (!served) std::abort();
  });
  FrameWriter question = frame_of(FrameKind::Ask, Service::StoreGet);
  question.text("key");
  WipedBytes octets;
  CHECK(HostLine::ask(question, octets));
  host.join();
  FrameReader reply(octets.view());
  CHECK(reply.number<std::uint8_t>() == 1);
  CHECK(reply.text() == "key");
}

TEST_CASE("an answer that was foreseen is used once, and not after a write") {
  LineTest test;
  FrameWriter question = frame_of(FrameKind::Ask, Service::StoreGet);
  question.text("key");
  FrameWriter reply = frame_of(FrameKind::Reply, Service::StoreGet);
  reply.text("foreseen");
  WipedBytes foreseen;
  add_frame(foreseen, question.frame());
  add_frame(foreseen, reply.frame());
  WipedBytes octets;
  test.slot.first = FrameSocket();  // nobody answers what is asked
  {
    const HostLine line(test.slot.second, foreseen.view(), Writes::Seen);
    REQUIRE(HostLine::ask(question, octets));
    CHECK(FrameReader(octets.view()).text() == "foreseen");
    CHECK_FALSE(HostLine::ask(question, octets));
  }
  const HostLine line(test.slot.second, foreseen.view(), Writes::Seen);
  const auto write = write_of("key", CERTSPAN_STORE_ANY);
  REQUIRE(HostLine::stage(&write, 1));
  CHECK_FALSE(HostLine::ask(question, octets));
}

TEST_CASE("what a source does with its exchange is done at the end, and once") {
  LineTest test;
  HostLine line(test.slot.second, {}, Writes::Asked);
  CHECK(HostLine::tell_at_end(response("first")));
  CHECK(HostLine::tell_at_end(response("second")));
  CHECK(test.end(line));
  CHECK(test.exchange.endings == 0);
  test.desk.finish();
  test.desk.finish();
  CHECK(test.exchange.endings == 1);
  REQUIRE(test.exchange.response);
  CHECK(test.exchange.response->body == copy_of(as_bytes("first")));
}

TEST_CASE("what does not belong at the end of a call breaks the rules") {
  LineTest test;
  for (const Service service : {Service::Log, Service::OpenSecret, Service::Submit}) {
    WipedBytes ahead;
    add_frame(ahead,
              frame_of(service == Service::Submit ? FrameKind::Ask : FrameKind::Tell, service).frame());
    REQUIRE(test.slot.second.send(FrameWriter(FrameKind::Done, 0).frame(), ahead.view()));
    REQUIRE(test.slot.first.receive(test.received, kAnyTime) == Received::Frame);
    CHECK_FALSE(test.desk.end(FrameReader(test.received.view())));
  }
}

}  // namespace
}  // namespace certspan::worker
