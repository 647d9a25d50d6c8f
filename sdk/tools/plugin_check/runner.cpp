#include "sdk/tools/plugin_check/runner.hpp"

#include <poll.h>

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

#include "sdk/tools/plugin_check/child.hpp"

namespace certspan::check {
namespace {

using Clock = std::chrono::steady_clock;

/// Checks that take turns, such as many rounds of load and retire, get so many times the limit.
constexpr int kSlowTimes = 3;
constexpr int kThoroughTimes = 10;

constexpr std::string_view kDescriptorCheck = "load.descriptor";

/// The ids that are wanted, with all that they need.
std::set<std::string_view> wanted_ids(const std::vector<std::string>& only) {
  std::set<std::string_view> ids;
  const std::function<void(std::string_view)> add = [&](std::string_view id) {
    const Check* check = find_check(id);
    if (check == nullptr || !ids.insert(check->id).second) return;
    for (const std::string_view need : words_of(check->needs)) add(need);
    // Which types there are is said by the descriptor.
    if (!check->role.empty()) add(kDescriptorCheck);
  };
  for (const std::string& id : only) add(id);
  return ids;
}

std::vector<TypeFacts> types_from(const std::string& data) {
  std::vector<TypeFacts> types;
  const auto parsed = nlohmann::json::parse(data, nullptr, false);
  if (!parsed.is_array()) return types;
  for (const auto& type : parsed) {
    types.push_back({type.value("name", ""), type.value("roles", std::vector<std::string>())});
  }
  return types;
}

bool concerns(const Check& check, const TypeFacts& type) {
  const auto roles = words_of(check.role);
  return check.role == "type" ||
         std::any_of(roles.begin(), roles.end(), [&](std::string_view role) { return type.has(role); });
}

/// "issuer, validator or processor".
std::string one_of(std::string_view roles) {
  const auto words = words_of(roles);
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::uint64_t seed_of(const Check& check, std::string_view type, std::uint64_t seed) {
  return seed ^ (std::hash<std::string_view>{}(check.id) * 31 + std::hash<std::string_view>{}(type));
}

/// One run of the whole list.
class Runner {
 public:
  Runner(const Subject& subject, const RunOptions& options) : subject_(subject), options_(options) {
    const auto wanted = wanted_ids(options.only);
    for (const Check& check : all_checks()) {
      if (!wanted.empty() && !wanted.contains(check.id)) continue;
      (check.role.empty() ? waiting_ : for_types_).push_back({&check, {}});
    }
  }

  std::vector<CheckResult> run() {
    while (!waiting_.empty() || !running_.empty() || !for_types_.empty()) {
      start_what_can();
      if (!running_.empty()) {
        wait_for_one();
      } else if (waiting_.empty() && !for_types_.empty()) {
        types_are_known({});
      }
    }
    std::stable_sort(outcomes_.begin(), outcomes_.end(),
                     [](const CheckResult& a, const CheckResult& b) { return a.check < b.check; });
    return std::move(outcomes_);
  }

 private:
  struct Task {
    const Check* check;
    std::string type;
  };
  struct Running {
    Task task;
    Clock::time_point since;
    std::unique_ptr<Child> child;
  };

  void start_what_can() {
    for (auto task = waiting_.begin(); task != waiting_.end() && running_.size() < options_.jobs;) {
      const auto why = stands_in_the_way(*task);
      if (why == kNotYet) {
        ++task;
        continue;
      }
      const Task taken = *task;
      waiting_.erase(task);
      if (!why.empty()) {
        record(taken, {Standing::Skipped, why}, Clock::now());
      } else {
        start(taken);
      }
      task = waiting_.begin();
    }
  }

  /// Nothing, kNotYet, or why the check is skipped.
  std::string stands_in_the_way(const Task& task) const {
    for (const std::string_view need : words_of(task.check->needs)) {
      const bool of_type = !find_check(need)->role.empty();
      const auto found = standings_.find({std::string(need), of_type ? task.type : ""});
      if (found == standings_.end()) return kNotYet;
      if (found->second == Standing::Failed) return "needs " + std::string(need) + ", which failed";
      if (found->second == Standing::Skipped) return "needs " + std::string(need) + ", which was skipped";
    }
    return {};
  }

  void start(const Task& task) {
    Run run{subject_, task.type, seed_of(*task.check, task.type, subject_.seed)};
    const auto since = Clock::now();
    if (options_.in_process) {
      record(task, run_here(*task.check, run), since);
      return;
    }
    auto limit = options_.limit;
    if (task.check->slow) limit *= subject_.thorough ? kThoroughTimes : kSlowTimes;
    running_.push_back({task, since, std::make_unique<Child>(*task.check, run, limit)});
  }

  void wait_for_one() {
    std::vector<pollfd> polled;
    auto first = Clock::time_point::max();
    for (const Running& each : running_) {
      polled.push_back({each.child->pidfd(), POLLIN, 0});
      first = std::min(first, each.child->deadline());
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
    ::poll(polled.data(), polled.size(), static_cast<int>(std::max<long long>(left, 0)));
    std::size_t index = 0;
    for (auto each = running_.begin(); each != running_.end(); ++index) {
      const bool over = polled[index].revents != 0 || Clock::now() >= each->child->deadline();
      if (!over) {
        ++each;
        continue;
      }
      record(each->task, each->child->finish(), each->since);
      each = running_.erase(each);
    }
  }

  void record(const Task& task, Verdict verdict, Clock::time_point since) {
    standings_[{std::string(task.check->id), task.type}] = verdict.standing;
    if (task.check->id == kDescriptorCheck) types_are_known(types_from(verdict.data));
    outcomes_.push_back({task.check, task.type, std::move(verdict),
                         std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since)});
  }

  /// Now the checks of types can be planned; those that concern no type are skipped.
  void types_are_known(const std::vector<TypeFacts>& types) {
    for (const Task& task : for_types_) {
      bool any = false;
      for (const TypeFacts& type : types) {
        if (!concerns(*task.check, type)) continue;
        any = true;
        waiting_.push_back({task.check, type.name});
      }
      if (any) continue;
      const std::string why =
          types.empty() ? "the plugin's types could not be read (" + std::string(kDescriptorCheck) + ")"
                        : "no type of the plugin offers " + one_of(task.check->role);
      record(task, {Standing::Skipped, why}, Clock::now());
    }
    for_types_.clear();
  }

  static constexpr const char* kNotYet = "not yet";

  const Subject& subject_;
  const RunOptions& options_;
  std::list<Task> waiting_;
  std::list<Task> for_types_;
  std::list<Running> running_;
  std::map<std::pair<std::string, std::string>, Standing> standings_;
  std::vector<CheckResult> outcomes_;
};

}  // namespace

std::vector<CheckResult> run_checks(const Subject& subject, const RunOptions& options) {
  return Runner(subject, options).run();
}

}  // namespace certspan::check
