#include "host/app/swap_trial.hpp"

#include <fmt/format.h>

namespace certspan {
namespace {

SwapDesk::Trial::Count tally_of(const std::vector<const Generation*>& generations) {
  SwapDesk::Trial::Count count;
  for (const Generation* generation : generations) {
    count.calls += generation->connector().tally().calls();
    count.faults += generation->connector().tally().faults();
  }
  return count;
}

double ratio(const SwapDesk::Trial::Count& count) {
  if (count.calls < SwapDesk::Trial::kEnoughCalls) return 0;
  return static_cast<double>(count.faults) / static_cast<double>(count.calls);
}

std::vector<const Generation*> of(const Cohort& cohort) {
  std::vector<const Generation*> generations;
  for (const auto& generation : cohort.generations) generations.push_back(generation.get());
  return generations;
}

std::vector<const Generation*> running_of(const Deployment& deployment, const std::string& plugin) {
  const auto running = deployment.generations_of(plugin);
  return {running.begin(), running.end()};
}

}  // namespace

SwapDesk::Trial::Count SwapDesk::Trial::count(const Deployment& deployment) const {
  Count sum;
  for (const std::string& plugin : plugins) {
    const Count one = tally_of(running_of(deployment, plugin));
    sum.calls += one.calls;
    sum.faults += one.faults;
  }
  return sum;
}

bool SwapDesk::Trial::is_over(const Deployment& deployment, std::chrono::steady_clock::time_point now) const {
  if (now < began + terms.probation) return false;
  return count(deployment).calls >= kEnoughCalls || now >= began + kLongest * terms.probation;
}

std::string SwapDesk::Trial::fault_of(const Deployment& deployment, std::size_t plugin) const {
  const auto running = running_of(deployment, plugins[plugin]);
  for (const Generation* generation : running) {
    if (generation->connector().has_failed()) {
      return fmt::format("the worker process of connector \"{}\" ended again and again", generation->name());
    }
  }
  const Count now = tally_of(running);
  const double allowed = 2 * ratio(tally_of(of(before[plugin]))) + kFaultRatio;
  if (now.faults < kFaults || static_cast<double>(now.faults) <= allowed * static_cast<double>(now.calls)) {
    return {};
  }
  return fmt::format("{} of its {} calls ended in a fault or without an answer", now.faults, now.calls);
}

}  // namespace certspan
