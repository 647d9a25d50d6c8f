#include "host/loading/worker/wiped_bytes.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace certspan::worker {
namespace {

TEST_CASE("octets that are added stay in order while the room grows") {
  WipedBytes octets;
  Bytes expected;
  for (std::size_t i = 0; i < 300; ++i) {
    const Bytes more(i * 7, static_cast<std::uint8_t>(i));
    octets.append(more.data(), more.size());
    expected.insert(expected.end(), more.begin(), more.end());
  }
  CHECK(equal(octets.view(), expected));
  const WipedBytes moved(std::move(octets));
  CHECK(equal(moved.view(), expected));
}

TEST_CASE("what was there is gone before the memory is used again") {
  const std::uint8_t* place = nullptr;
  {
    WipedBytes secret;
    const Bytes octets(1000, 's');
    secret.append(octets.data(), octets.size());
    place = secret.view().data();
  }
  // This thread keeps the piece for the next one.
  WipedBytes next;
  const std::uint8_t* room = next.room(1000);
  REQUIRE(room == place);
  CHECK(std::all_of(room, room + 1000, [](std::uint8_t octet) { return octet == 0; }));
  std::fill_n(next.room(10), 10, std::uint8_t{'s'});
  next.clear();
  CHECK(next.empty());
  CHECK(std::all_of(room, room + 10, [](std::uint8_t octet) { return octet == 0; }));
}

}  // namespace
}  // namespace certspan::worker
