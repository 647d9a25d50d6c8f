#include "host/pipeline/item_table.hpp"

#include <catch2/catch.hpp>

namespace certspan {
namespace {

using Entry = ItemTable::Entry;

ItemKey key_of(std::uint8_t number) {
  ItemKey key{};
  key.front() = number;
  return key;
}

TEST_CASE("a full table turns new items away, and takes repeats of those it has") {
  ItemTable table(2);
  CHECK(table.enter(key_of(1), {}, "main", nullptr).entry == Entry::Fresh);
  const auto second = table.enter(key_of(2), {}, "main", nullptr);
  CHECK(second.entry == Entry::Fresh);
  CHECK(table.enter(key_of(3), {}, "main", nullptr).entry == Entry::Full);
  CHECK(table.enter(key_of(1), {}, "main", nullptr).entry == Entry::Repeat);
  table.remove(second.item);
  CHECK(table.enter(key_of(3), {}, "main", nullptr).entry == Entry::Fresh);
}

TEST_CASE("where there are several pipelines, one that is stuck leaves the others room") {
  ItemTable table(6);
  table.set_pipelines(2);
  CHECK(table.enter(key_of(1), {}, "stuck", nullptr).entry == Entry::Fresh);
  CHECK(table.enter(key_of(2), {}, "stuck", nullptr).entry == Entry::Fresh);
  const auto third = table.enter(key_of(3), {}, "stuck", nullptr);
  CHECK(table.enter(key_of(4), {}, "stuck", nullptr).entry == Entry::Full);
  CHECK(table.enter(key_of(5), {}, "healthy", nullptr).entry == Entry::Fresh);
  CHECK(table.enter(key_of(6), {}, "healthy", nullptr).entry == Entry::Fresh);
  table.remove(third.item);
  CHECK(table.enter(key_of(7), {}, "stuck", nullptr).entry == Entry::Full);
  CHECK(table.by_pipeline() == std::map<std::string, std::size_t>{{"healthy", 2}, {"stuck", 2}});
}

TEST_CASE("several that are stuck leave room for one that is not") {
  ItemTable table(90);
  table.set_pipelines(3);
  std::uint8_t number = 0;
  for (int i = 0; i < 90; ++i) {
    table.enter(key_of(number++), {}, "stuck", nullptr);
    table.enter(key_of(number++), {}, "stuck too", nullptr);
  }
  CHECK(table.by_pipeline() == std::map<std::string, std::size_t>{{"stuck", 30}, {"stuck too", 30}});
  CHECK(table.enter(key_of(number++), {}, "healthy", nullptr).entry == Entry::Fresh);
}

TEST_CASE("so many clients may wait for one item, and no more") {
  ItemTable table(2);
  Waiter first;
  const auto item = table.enter(key_of(1), {}, "main", &first).item;
  for (std::size_t i = 1; i < ItemTable::kMostWaiters; ++i) {
    Waiter waiter;
    CHECK(table.enter(key_of(1), {}, "main", &waiter).entry == Entry::Repeat);
  }
  Waiter late;
  CHECK(table.enter(key_of(1), {}, "main", &late).entry == Entry::Full);
  CHECK_FALSE(table.wait(item, late));
  CHECK(table.waiting() == ItemTable::kMostWaiters);
  CHECK(table.enter(key_of(1), {}, "main", nullptr).entry == Entry::Repeat);
}

}  // namespace
}  // namespace certspan
