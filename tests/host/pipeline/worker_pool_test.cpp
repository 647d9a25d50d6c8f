#include "host/pipeline/worker_pool.hpp"

#include <future>
#include <string>

#include <catch2/catch.hpp>

namespace certspan {
namespace {

/// One thread, kept busy until `run`.
class HeldPool {
 public:
  explicit HeldPool(std::size_t queue_limit) : pool("test", 1, queue_limit) {
    std::promise<void> inside;
    pool.post({"hold"}, [this, &inside] {
      inside.set_value();
      gate_.get_future().wait();
    });
    inside.get_future().wait();
  }
  /// How many of `count` new jobs are taken.
  int offer(const Turn& turn, int count) {
    int taken = 0;
    for (int i = 0; i < count; ++i) taken += pool.try_post(turn, [] {}) ? 1 : 0;
    return taken;
  }
  void run() {
    gate_.set_value();
    pool.stop();
  }

  WorkerPool pool;

 private:
  std::promise<void> gate_;
};

TEST_CASE("a source that floods the queue leaves places for another") {
  HeldPool held(100);
  int flood = 0;
  for (int address = 0; address < 50; ++address) {
    flood += held.offer({"flood", std::to_string(address)}, 10);
  }
  CHECK(flood == 50);
  CHECK(held.offer({"calm", "1"}, 10) == 10);
  CHECK(held.offer({"flood", "new"}, 1) == 0);
  held.run();
}

TEST_CASE("a client that floods the queue leaves places for another of the same source") {
  HeldPool held(90);
  CHECK(held.offer({"scep", "1"}, 1000) <= 31);
  CHECK(held.offer({"scep", "2"}, 5) == 5);
  held.run();
}

TEST_CASE("what was accepted is taken whatever waits, and says when that is too much") {
  HeldPool held(4);
  for (int i = 0; i < 3; ++i) CHECK(held.pool.post({"main"}, [] {}));
  CHECK_FALSE(held.pool.full());
  CHECK(held.pool.post({"main"}, [] {}));
  CHECK(held.pool.full());
  CHECK(held.pool.post({"main"}, [] {}));
  CHECK(held.offer({"scep", "1"}, 1) == 1);
  held.run();
}

TEST_CASE("what was accepted goes first, and new work is not held up for good") {
  HeldPool held(100);
  std::string ran;
  for (int i = 0; i < 8; ++i) held.pool.post({"main"}, [&ran] { ran += 'a'; });
  for (int i = 0; i < 2; ++i) CHECK(held.pool.try_post({"scep", "1"}, [&ran] { ran += 'n'; }));
  held.run();
  CHECK(ran.size() == 10);
  CHECK(ran.find('n') <= 4);
  CHECK(ran.rfind('n') <= 8);
}

TEST_CASE("a pool that has ended takes nothing") {
  WorkerPool pool("test", 1, 10);
  pool.stop();
  CHECK_FALSE(pool.post({"main"}, [] {}));
  CHECK_FALSE(pool.try_post({"scep", "1"}, [] {}));
}

}  // namespace
}  // namespace certspan
