#include "host/pipeline/connector_set.hpp"

#include <algorithm>
#include <utility>

namespace certspan {

void ConnectorSet::put(Station station) {
  std::string name = station.connector->name();
  stations_.insert_or_assign(std::move(name), std::move(station));
}

Connector* ConnectorSet::find(std::string_view name) const {
  const auto found = stations_.find(name);
  return found == stations_.end() ? nullptr : found->second.connector.get();
}

std::shared_ptr<Connector> ConnectorSet::share(std::string_view name) const {
  const auto found = stations_.find(name);
  return found == stations_.end() ? nullptr : found->second.connector;
}

WorkerPool& ConnectorSet::pool_of(std::string_view name, WorkerPool& cpu) const {
  const auto found = stations_.find(name);
  return found == stations_.end() || !found->second.own_pool ? cpu : *found->second.own_pool;
}

bool ConnectorSet::full_for(const Pipeline& pipeline) const {
  const auto full = [this](const std::string& name) {
    const auto found = stations_.find(name);
    return found != stations_.end() && found->second.own_pool && found->second.own_pool->full();
  };
  return std::ranges::any_of(pipeline.steps,
                             [&](const Step& step) { return std::ranges::all_of(step.connectors, full); });
}

}  // namespace certspan
