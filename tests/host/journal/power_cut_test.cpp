#include "tests/host/journal/power_cut.hpp"

#include <catch2/catch.hpp>

TEST_CASE("whatever was reported committed is there after a power cut at any point") {
  const auto sweep = certspan::testing::sweep_power_cuts();
  CHECK(sweep.cuts > 30);
  for (const auto& broken : sweep.broken) FAIL_CHECK(broken);
}

TEST_CASE("a power cut while pages move from the log to the database loses nothing") {
  const auto sweep = certspan::testing::sweep_power_cuts_at_checkpoints();
  CHECK(sweep.cuts >= 3);
  for (const auto& broken : sweep.broken) FAIL_CHECK(broken);
}
