#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "host/loading/connector.hpp"
#include "host/pipeline/pipeline_graph.hpp"
#include "host/pipeline/worker_pool.hpp"

namespace certspan {

/// A connector with the threads that call it: the shared cpu pool, or bounded workers of its own if its type
/// waits for something outside.
struct Station {
  /// Shared with calls under way and with clients whose reply it makes, for whom it stays when a swap or a
  /// reload puts another in its place.
  std::shared_ptr<Connector> connector;
  std::shared_ptr<WorkerPool>
      own_pool;  ///< null: cpu; of all generations of a connector, one after the other
};

/// The connectors of the running configuration by name. Built before it runs; then read by any thread.
class ConnectorSet {
 public:
  /// The bundled fence that stands before and after every issuer.
  static constexpr std::string_view kFence = "profile";

  /// In the place of one with the same name.
  void put(Station station);
  Connector* find(std::string_view name) const;
  /// The same, kept.
  std::shared_ptr<Connector> share(std::string_view name) const;
  /// The pool whose threads may call the connector.
  WorkerPool& pool_of(std::string_view name, WorkerPool& cpu) const;
  /// As many calls as may wait for a validator of the pipeline, or for each of the issuers of a step.
  bool full_for(const Pipeline& pipeline) const;
  const std::map<std::string, Station, std::less<>>& all() const { return stations_; }

 private:
  std::map<std::string, Station, std::less<>> stations_;
};

}  // namespace certspan
