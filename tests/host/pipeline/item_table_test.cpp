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

TEST_CASE("where there are several pipelines, one that is stuck leaves the others their half") {
  ItemTable table(4);
  table.set_pipelines(2);
  CHECK(table.enter(key_of(1), {}, "stuck", nullptr).entry == Entry::Fresh);
  const auto second = table.enter(key_of(2), {}, "stuck", nullptr);
  CHECK(table.enter(key_of(3), {}, "stuck", nullptr).entry == Entry::Full);
  CHECK(table.enter(key_of(4), {}, "healthy", nullptr).entry == Entry::Fresh);
  CHECK(table.enter(key_of(5), {}, "healthy", nullptr).entry == Entry::Fresh);
  table.remove(second.item);
  CHECK(table.enter(key_of(6), {}, "stuck", nullptr).entry == Entry::Fresh);
  CHECK(table.by_pipeline() == std::map<std::string, std::size_t>{{"healthy", 2}, {"stuck", 2}});
}

}  // namespace
}  // namespace certspan
