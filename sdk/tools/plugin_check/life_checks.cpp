// Stopping in every state, and what a life leaves in memory.
#include <algorithm>
#include <cstdint>
#include <future>
#include <string>

#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/memory.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

constexpr int kSecondLives = 6;
constexpr int kWarmUpLives = 10;
constexpr int kWindows = 6;
constexpr int kLives = 10;
constexpr int kThoroughLives = 300;
/// The least that malloc hands out takes 32; half of it leaves room for its own caches.
constexpr std::size_t kLeastLeak = 16;
constexpr std::size_t kPageLeak = 16UL * 1024;

void live_once(Run& run, const certspan_connector_type& type, const Sample& sample) {
  CheckHost host(sample);
  LiveConnector connector(type, host, sample);
  std::mt19937_64 random(run.seed);
  connector.begin();
  exercise(connector, sample, random);
  connector.end();
}

/// On a thread of its own, at whose end malloc gets back what it keeps for each thread.
void live_often(Run& run, const certspan_connector_type& type, const Sample& sample, int lives) {
  std::future<void> done = std::async(std::launch::async, [&] {
    for (int i = 0; i < lives; ++i) live_once(run, type, sample);
  });
  done.get();
}

std::size_t grown(std::size_t was, std::size_t is, int lives) {
  return is > was ? (is - was) / static_cast<std::size_t>(lives) : 0;
}

}  // namespace

void check_stops(Run& run) {
  {
    Scene never_started(run);
    require(never_started.connector.try_create() == CERTSPAN_OK,
            "create refused: " + never_started.connector.faults());
    never_started.connector.stop();
    never_started.connector.destroy();
  }
  Scene twice(run);
  twice.connector.begin();
  twice.connector.stop();
  twice.connector.stop();
  twice.connector.destroy();
}

void check_failed_start(Run& run) {
  Scene scene(run);
  require(scene.connector.try_create() == CERTSPAN_OK, "create refused: " + scene.connector.faults());
  // Whatever start wants of its host is now refused.
  scene.host.secrets.clear();
  scene.host.http_out.world = [](const auto&) { return sdk::testing::HttpOutScript::refused(); };
  scene.host.store.fail_next_commit(sdk::Outcome::Unavailable);
  const bool started = scene.connector.try_start() == CERTSPAN_OK;
  scene.connector.stop();
  scene.connector.destroy();
  if (started) throw CheckSkipped("start succeeds without secrets, store and network");
}

void check_second_life(Run& run) {
  Scene scene(run);
  for (int i = 0; i < kSecondLives; ++i) live_once(run, scene.type, scene.sample);
}

void check_beside(Run& run) {
  Scene first(run);
  Scene second(run);
  first.connector.begin();
  second.connector.begin();
  exercise(first.connector, first.sample, first.random);
  exercise(second.connector, second.sample, second.random);
  first.connector.end();
  exercise(second.connector, second.sample, second.random);
  second.connector.end();
}

void check_leaks(Run& run) {
  const int lives = run.subject.thorough ? kThoroughLives : kLives;
  const certspan_connector_type& type = load_type(run.subject.path, run.type);
  Sample sample = sample_of(run.subject, type);
  use_one_certificate(sample.rules);
  live_often(run, type, sample, kWarmUpLives);
  // Caches of libraries grow now and then; what leaks grows in every window.
  MemoryUse least{SIZE_MAX, SIZE_MAX};
  for (int window = 0; window < kWindows; ++window) {
    const MemoryUse before = MemoryUse::now();
    live_often(run, type, sample, lives);
    const MemoryUse after = MemoryUse::now();
    least.allocated = std::min(least.allocated, grown(before.allocated, after.allocated, lives));
    least.resident = std::min(least.resident, grown(before.resident, after.resident, lives));
  }
  const std::size_t allocated = least.allocated;
  const std::size_t resident = least.resident;
  require(allocated < kLeastLeak,
          "each life of a connector leaves " + std::to_string(allocated) + " bytes allocated");
  require(resident < kPageLeak,
          "each life of a connector leaves " + std::to_string(resident / 1024) + " KiB in memory");
}

}  // namespace certspan::check
