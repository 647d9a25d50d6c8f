#include "host/loading/worker/restart_policy.hpp"

#include <catch2/catch.hpp>

namespace certspan::worker {
namespace {

using namespace std::chrono_literals;

TEST_CASE("each end within ten minutes doubles the pause, and the tenth is the last") {
  RestartPolicy policy;
  const RestartPolicy::Clock::time_point start{};
  std::vector<std::chrono::milliseconds> pauses;
  for (int i = 0; i < 9; ++i) {
    const auto next = policy.ended(start + i * 60s);
    REQUIRE(next.again);
    pauses.push_back(next.after);
  }
  CHECK(pauses == std::vector<std::chrono::milliseconds>{200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 12800ms,
                                                         25600ms, 30000ms});
  CHECK_FALSE(policy.ended(start + 9min).again);
}

TEST_CASE("what is longer ago is forgiven") {
  RestartPolicy policy;
  const RestartPolicy::Clock::time_point start{};
  for (int i = 0; i < 100; ++i) {
    const auto next = policy.ended(start + i * 11min);
    REQUIRE(next.again);
    CHECK(next.after == 200ms);
  }
}

}  // namespace
}  // namespace certspan::worker
