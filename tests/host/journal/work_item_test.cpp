#include "host/journal/work_item.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "host/journal/id_source.hpp"
#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

TEST_CASE("a work id is printed so that it can be read out, and read back") {
  CHECK(to_string(WorkId{0}) == "w-0000000000000");
  CHECK(to_string(WorkId{31}) == "w-000000000000Z");
  CHECK(to_string(WorkId{UINT64_MAX}) == "w-FZZZZZZZZZZZZ");
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x18b'cfe5'6800'0000}, UINT64_MAX}) {
    CHECK(work_id_from_string(to_string(WorkId{value})) == WorkId{value});
  }
  CHECK(work_id_from_string("w-000000000000z") == WorkId{31});
  CHECK(work_id_from_string("w-00000000000oL") == WorkId{1});
}

TEST_CASE("what is no work id is refused") {
  for (const char* text :
       {"", "w-", "w-000000000000", "w-00000000000000", "x-0000000000000", "w-000000000000U",
        "w-000000000000-", "w-G000000000000", "w-ZZZZZZZZZZZZZ", "0000000000000"}) {
    CAPTURE(text);
    CHECK(!work_id_from_string(text));
  }
}

TEST_CASE("printed ids sort as the ids do") {
  CHECK(to_string(WorkId{1'000}) < to_string(WorkId{1'001}));
  CHECK(to_string(WorkId{0xffff'ffff}) < to_string(WorkId{0x1'0000'0000}));
}

TEST_CASE("ids rise with time and never go back with the clock") {
  ManualClock clock;
  IdSource ids(clock, 0);
  clock.set(5'000);
  const std::uint64_t at_five = ids.next();
  CHECK(at_five >> 20 == 5'000);
  CHECK(ids.next() == at_five + 1);
  clock.set(1'000);
  CHECK(ids.next() == at_five + 2);
  clock.set(-1);
  CHECK(ids.next() == at_five + 3);
  clock.set(6'000);
  CHECK(ids.next() >> 20 == 6'000);
  CHECK(IdSource(clock, std::uint64_t{9'000} << 20).next() == (std::uint64_t{9'000} << 20) + 1);
}

TEST_CASE("setting a label replaces its earlier value") {
  WorkItem item;
  CHECK(item.label("serial").empty());
  item.set_label("serial", "01");
  item.set_label("subject", "CN=a");
  item.set_label("serial", "02");
  CHECK(item.label("serial") == "02");
  CHECK(item.labels.size() == 2);
}
