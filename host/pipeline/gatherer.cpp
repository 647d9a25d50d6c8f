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
      if (!sources_.emplace(name, std::string()).second) continue;
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
  tell(source, answer);
  come_back(source, answer.retry_after.count() > 0 ? answer.retry_after : kPause);
}

/// Once when it begins to fail, and once when that is over.
void Gatherer::tell(const std::string& source, const Answer& answer) {
  const std::string code = answer.ok() ? std::string() : answer.code;
  {
    const MutexLock lock(mutex_);
    const auto known = sources_.find(source);
    if (known == sources_.end() || known->second == code) return;
    known->second = code;
  }
  if (answer.ok()) {
    runtime_.log.write(LogLevel::Info, "work is fetched again", {{"connector", source}});
  } else {
    runtime_.log.write(LogLevel::Warn, "work could not be fetched",
                       {{"connector", source}, {"code", answer.code}, {"reason", answer.message}});
  }
}

}  // namespace certspan
