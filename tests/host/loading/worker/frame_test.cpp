#include "host/loading/worker/frame.hpp"

#include <catch2/catch.hpp>

#include "host/loading/worker/transfer.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

FrameWriter frame_of_item() {
  static const std::vector<certspan_label> labels = {
      {to_abi(std::string_view("user")), to_abi(std::string_view("bob"))},
      {to_abi(std::string_view("device")), to_abi(std::string_view(""))}};
  certspan_item item{};
  item.attempt = 3;
  item.deadline_ns = 77;
  item.id = to_abi(std::string_view("w-1"));
  item.request = to_abi(as_bytes("request"));
  item.labels = labels.data();
  item.label_count = labels.size();
  FrameWriter frame(FrameKind::Call, 12);
  transfer(frame, item);
  return frame;
}

TEST_CASE("what is written is read, with empty views and lists") {
  const FrameWriter frame = frame_of_item();
  FrameReader reader(frame.frame());
  CHECK(reader.kind() == FrameKind::Call);
  CHECK(reader.operation() == 12);
  const auto item = reader.sized<certspan_item>();
  REQUIRE(reader.complete());
  CHECK(item.struct_size == sizeof(item));
  CHECK(item.attempt == 3);
  CHECK(item.deadline_ns == 77);
  CHECK(from_abi(item.id) == "w-1");
  CHECK(as_text(from_abi(item.request)) == "request");
  CHECK(from_abi(item.signer).empty());
  REQUIRE(item.label_count == 2);
  CHECK(from_abi(item.labels[0].value) == "bob");
  CHECK(from_abi(item.labels[1].name) == "device");
}

TEST_CASE("a frame that is cut off anywhere is not complete, and one with more behind it neither") {
  const FrameWriter frame = frame_of_item();
  for (std::size_t size = 0; size < frame.frame().size(); ++size) {
    FrameReader reader(frame.frame().first(size));
    const auto item = reader.sized<certspan_item>();
    CAPTURE(size);
    CHECK_FALSE(reader.complete());
    CHECK((item.labels != nullptr || item.label_count == 0));
  }
  Bytes longer = copy_of(frame.frame());
  longer.push_back(0);
  FrameReader reader(longer);
  static_cast<void>(reader.sized<certspan_item>());
  CHECK(reader.good());
  CHECK_FALSE(reader.complete());
}

TEST_CASE("a lie about how much comes is caught before anything is taken") {
  FrameWriter frame(FrameKind::Done, 0);
  frame.number(std::uint64_t{1} << 60);
  FrameReader octets(frame.frame());
  CHECK(octets.bytes().empty());
  CHECK_FALSE(octets.good());
  FrameReader list(frame.frame());
  const certspan_label* labels = nullptr;
  std::uint64_t count = 0;
  list.list(labels, count);
  CHECK(labels == nullptr);
  CHECK(count == 0);
  CHECK_FALSE(list.good());
}

TEST_CASE("a frame that outgrows its room keeps what was in it") {
  FrameWriter frame(FrameKind::Ask, 1);
  const Bytes large(100'000, 7);
  frame.text("first");
  frame.bytes(large);
  FrameReader reader(frame.frame());
  CHECK(reader.text() == "first");
  CHECK(equal(reader.bytes(), large));
  CHECK(reader.complete());
}

}  // namespace
}  // namespace certspan::worker
