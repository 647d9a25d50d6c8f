// Built with a schema.cpp that turns syncing off: the sweep has to see what that loses, or its passing
// elsewhere would prove nothing.
#include <catch2/catch.hpp>

#include "tests/host/journal/power_cut.hpp"

TEST_CASE("the power cuts find a journal that does not sync") {
  const auto sweep = certspan::testing::sweep_power_cuts();
  CHECK(sweep.cuts > 10);
  CHECK(sweep.broken.size() > 10);
}
