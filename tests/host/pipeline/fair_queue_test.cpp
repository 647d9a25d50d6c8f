#include "host/pipeline/fair_queue.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace certspan {
namespace {

/// What runs when the queue is emptied, in order.
class Order {
 public:
  void push(const Turn& turn, const std::string& job) {
    queue.push(turn, [this, job] { ran_ += job + " "; });
  }
  std::string run(std::size_t count = SIZE_MAX) {
    ran_.clear();
    for (; count > 0 && !queue.empty(); --count) queue.pop()();
    return ran_;
  }

  FairQueue queue;

 private:
  std::string ran_;
};

TEST_CASE("the jobs of one owner run in order") {
  Order order;
  for (const char* job : {"1", "2", "3"}) order.push({"scep", "192.0.2.1"}, job);
  CHECK(order.run() == "1 2 3 ");
  CHECK(order.queue.empty());
}

TEST_CASE("who brings much waits behind his own") {
  Order order;
  for (const char* job : {"a1", "a2", "a3", "a4"}) order.push({"scep", "192.0.2.1"}, job);
  order.push({"scep", "192.0.2.2"}, "b1");
  order.push({"scep", "192.0.2.2"}, "b2");
  CHECK(order.run() == "a1 b1 a2 b2 a3 a4 ");
}

TEST_CASE("a source with many clients gets no more turns than one with few") {
  Order order;
  for (const char* address : {"1", "2", "3", "4"}) order.push({"busy", address}, address);
  order.push({"calm", "9"}, "c1");
  order.push({"calm", "9"}, "c2");
  CHECK(order.run() == "1 c1 2 c2 3 4 ");
}

TEST_CASE("who comes back waits for his turn") {
  Order order;
  order.push({"a"}, "a1");
  order.push({"b"}, "b1");
  CHECK(order.run(1) == "a1 ");
  order.push({"a"}, "a2");
  CHECK(order.queue.size() == 2);
  CHECK(order.run() == "b1 a2 ");
}

TEST_CASE("it counts what each owner has waiting") {
  Order order;
  order.push({"scep", "1"}, "x");
  order.push({"scep", "1"}, "x");
  order.push({"scep", "2"}, "x");
  order.push({"est", "1"}, "x");
  CHECK(order.queue.size() == 4);
  CHECK(order.queue.size_of_group("scep") == 3);
  CHECK(order.queue.size_of_lane({"scep", "1"}) == 2);
  CHECK(order.queue.size_of_lane({"est", "2"}) == 0);
  CHECK(order.queue.size_of_group("cmp") == 0);
  order.run();
  CHECK(order.queue.size() == 0);
  CHECK(order.queue.size_of_group("scep") == 0);
}

}  // namespace
}  // namespace certspan
