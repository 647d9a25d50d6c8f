#pragma once

#include <functional>
#include <memory>

#include "host/base/clock.hpp"
#include "host/base/log.hpp"
#include "host/base/mutex.hpp"
#include "host/journal/journal.hpp"
#include "host/pipeline/compromised_keys.hpp"
#include "host/pipeline/connector_set.hpp"
#include "host/pipeline/issuer_chains.hpp"
#include "host/pipeline/issuer_health.hpp"
#include "host/pipeline/item_table.hpp"
#include "host/pipeline/lost_time.hpp"
#include "host/pipeline/pipeline_graph.hpp"
#include "host/pipeline/revocations.hpp"
#include "host/pipeline/timer.hpp"
#include "host/pipeline/worker_pool.hpp"

namespace certspan {

/// What one configuration made: replaced as a whole, kept by calls that are still in it.
struct RunningConfig {
  PipelineGraph graph{{}};
  ConnectorSet connectors;
  IssuerChains chains;
  RevocationGuard revocation_guard;
};

/// What the parts of the pipeline room share. Everything here is thread-safe and outlives them.
struct Runtime {
  Log& log;
  const Clock& clock;
  Journal& journal;
  ItemTable& table;
  Timer& timer;
  WorkerPool& cpu;
  IssuerHealths& healths;
  Revocations& revocations;
  CompromisedKeys& compromised_keys;
  /// Called once when a journal write failed: the host closes its connections without a reply and ends.
  std::function<void()> journal_failed;
  /// In [0, 1): how much of the longest pause a retry takes.
  double (*random)();
  LostTime lost_time;

  std::shared_ptr<const RunningConfig> config() const {
    MutexLock lock(mutex);
    return running;
  }
  /// Puts a new configuration in the place of the old, which is returned.
  std::shared_ptr<const RunningConfig> replace(std::shared_ptr<const RunningConfig> next) {
    MutexLock lock(mutex);
    return std::exchange(running, std::move(next));
  }

  mutable Mutex mutex;
  std::shared_ptr<const RunningConfig> running CERTSPAN_GUARDED_BY(mutex);
};

}  // namespace certspan
