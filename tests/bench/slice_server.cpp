#include "tests/bench/slice_server.hpp"

#include <atomic>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace certspan::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

void serve_all(const std::map<std::string, Slice>& slices) {
  std::cout << "ready" << std::endl;
  std::string name;
  std::int64_t length_ms = 0;
  while (std::cin >> name >> length_ms) {
    const auto found = slices.find(name);
    if (found == slices.end()) throw std::runtime_error("there is no slice " + name);
    const auto start = SteadyClock::now();
    const std::uint64_t count = found->second(std::chrono::milliseconds(length_ms));
    const std::chrono::duration<double> took = SteadyClock::now() - start;
    std::cout << count << ' ' << took.count() << std::endl;
  }
}

}  // namespace

int serve(const std::map<std::string, Slice>& slices) try {
  serve_all(slices);
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}

std::uint64_t repeat_on_threads(std::size_t threads, std::chrono::milliseconds length,
                                const std::function<std::uint64_t(std::size_t thread)>& once) {
  std::atomic<std::uint64_t> total{0};
  const auto end = SteadyClock::now() + length;
  const auto work = [&](std::size_t thread) {
    std::uint64_t count = 0;
    while (SteadyClock::now() < end) count += once(thread);
    total += count;
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
  return total;
}

}  // namespace certspan::bench
