#include "host/pipeline/gatherer.hpp"

#include <algorithm>

namespace certspan {
namespace {

constexpr std::chrono::milliseconds kSoon{200};
constexpr std::chrono::milliseconds kLeastPause{20};

}  // namespace

void Gatherer::look_for_sources() {
  const auto config = runtime_.config();
  for (const auto& [name, station] : config->connectors.all()) {
    if (!station.connector->gathers()) continue;
    {
      const MutexLock lock(mutex_);
      if (!sources_.try_emplace(name).second) continue;
    }
    come_back(name, kSoon);
  }
}

void Gatherer::come_back(const std::string& source, std::chrono::milliseconds pause) {
  runtime_.timer.upkeep_after(std::max(pause, kLeastPause), [this, source] {
    const auto config = runtime_.config();
    const Connector* connector = config->connectors.find(source);
    if (connector == nullptr || !connector->gathers()) {
      const MutexLock lock(mutex_);
      sources_.erase(source);
      return;
    }
    // The generation that runs may not be open yet, or not any more.
    const bool taken =
        connector->state() == Life::Open &&
        config->connectors.pool_of(source, runtime_.cpu).post({source}, [this, source] { gather(source); });
    if (!taken) come_back(source, kSoon);
  });
}

void Gatherer::gather(const std::string& source) {
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(source);
  if (connector == nullptr) return come_back(source, kSoon);
  const Answer answer = connector->gather(runtime_.clock.now() + kLongestCall);
  connector->tally().count(answer.outcome != Outcome::Internal);
  come_back(source, note(source, answer));
}

/// How long until the next call. That one fails is told when it begins, and when it is over.
std::chrono::milliseconds Gatherer::note(const std::string& source, const Answer& answer) {
  constexpr std::chrono::milliseconds kFirst{1000};
  constexpr std::uint32_t kMostDoublings = 6;
  State before;
  State now;
  {
    const MutexLock lock(mutex_);
    State& known = sources_[source];
    before = known;
    known = answer.ok() ? State{} : State{known.failures + 1, answer.code};
    now = known;
  }
  if (answer.ok() && before.failures > 0) {
    runtime_.log.write(LogLevel::Info, "work is fetched again", {{"connector", source}});
  } else if (!answer.ok() && before.code != now.code) {
    runtime_.log.write(LogLevel::Warn, "work could not be fetched",
                       {{"connector", source}, {"code", answer.code}, {"reason", answer.message}});
  }
  if (answer.retry_after.count() > 0) return answer.retry_after;
  if (answer.ok()) return kPause;
  return std::min(kPause, kFirst * (1U << std::min(now.failures - 1, kMostDoublings)));
}

}  // namespace certspan
