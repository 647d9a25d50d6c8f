#include "host/pipeline/timer.hpp"

#include <catch2/catch.hpp>
#include <future>

#include "host/base/manual_clock.hpp"

namespace certspan {
namespace {

using std::chrono::hours;

constexpr std::chrono::seconds kLimit{20};

TEST_CASE("a job for tomorrow runs when the clock has been moved there, and not before") {
  ManualClock clock(ManualClock::of(SystemClock()));
  Timer timer(clock);
  std::promise<std::chrono::milliseconds> ran;
  auto at = ran.get_future();
  timer.after(hours(24), [&] { ran.set_value(clock.offset()); });
  clock.move(hours(23));
  timer.clock_moved();
  clock.move(hours(2));
  timer.clock_moved();
  REQUIRE(at.wait_for(kLimit) == std::future_status::ready);
  CHECK(at.get() == hours(25));
}

TEST_CASE("a job's time is the clock's, wherever the machine's own clock stands") {
  const ManualClock::Reading long_ago{SystemClock().now() - hours(1000), 0};
  ManualClock clock(long_ago);
  Timer timer(clock);
  std::promise<void> ran;
  auto done = ran.get_future();
  timer.after(hours(24), [&] { ran.set_value(); });
  CHECK(done.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  clock.move(hours(24));
  timer.clock_moved();
  CHECK(done.wait_for(kLimit) == std::future_status::ready);
}

TEST_CASE("housekeeping is no reason to move the clock") {
  ManualClock clock(ManualClock::of(SystemClock()));
  Timer timer(clock);
  timer.upkeep_after(std::chrono::milliseconds(250), [] {});
  CHECK_FALSE(timer.next());
  timer.after(hours(1), [] {});
  CHECK(timer.next() == clock.now() + hours(1));
}

}  // namespace
}  // namespace certspan
