#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/app/deployment.hpp"
#include "host/app/main_thread.hpp"
#include "host/app/swap_progress.hpp"
#include "host/base/mutex.hpp"
#include "host/loading/swap/version_book.hpp"

namespace certspan {

/// One plugin and the file that is to take its place.
struct SwapOrder {
  std::string name;  ///< of the plugin, or of one of its connectors
  std::filesystem::path file;
};

struct SwapTerms {
  std::chrono::milliseconds probation{std::chrono::minutes(10)};
  std::chrono::milliseconds drain{std::chrono::seconds(30)};  ///< after which calls that stay are told of
  std::string who;
};

/// Exchanges versions of plugins on a running host, watches them through their probation and takes them back.
///
/// A swap may be of several plugins: all of them serve, or none. It looks at the files without running them,
/// has them tried in child processes, writes down what runs now, starts the new connectors beside the old
/// ones, and has all calls from one moment on go to the new ones. The old ones stay ready until the probation
/// is over. A host that dies meanwhile starts with the old ones.
///
/// What makes new versions runs on the thread of changes, one after the other, and hops to the main thread
/// for what only that one may do; all else is the main thread's. What `status` tells may be asked by any
/// thread that holds the mutex.
class SwapDesk {
 public:
  struct Candidate;  // swap_trial.hpp
  struct Trial;

  struct Backends {
    Log& log;
    const Clock& clock;
    Mutex& mutex;  ///< guards the deployment, the trials and the book for those who read them elsewhere
    MainThread& main;
    SwapProgress& progress;
    std::string config_file;  ///< for the places of faults
  };

  SwapDesk(VersionBook book, Backends backends);
  ~SwapDesk();
  SwapDesk(const SwapDesk&) = delete;
  SwapDesk& operator=(const SwapDesk&) = delete;

  /// Ends the trials that the host before left. Errors: plugin.version_book.
  Result<void> recover();

  /// On the thread of changes. Errors: swap.unknown_plugin, swap.twice, swap.on_trial, swap.same_version,
  /// swap.state, swap.refused (what the new connectors say), plugin.version_book, host.stopping, and those of
  /// load_plugin_at.
  Result<nlohmann::json> swap(Deployment& deployment, const std::vector<SwapOrder>& orders,
                              const SwapTerms& terms);
  /// On the thread of changes: swaps a plugin to the version before the one that runs. Errors: as swap, and
  /// swap.no_previous.
  Result<nlohmann::json> go_back(Deployment& deployment, const std::string& name, const std::string& who);
  /// Takes the version that is on trial back; null if none is. Errors: swap.unknown_plugin,
  /// swap.cannot_roll_back, plugin.version_book.
  Result<nlohmann::json> take_back(Deployment& deployment, const std::string& name, const std::string& who);
  /// Ends a probation well before its time. Errors: swap.unknown_plugin, swap.no_trial,
  /// plugin.version_book.
  Result<nlohmann::json> commit(Deployment& deployment, const std::string& name, const std::string& who);
  /// Lets a quarantined file be loaded again. Errors: swap.not_quarantined, plugin.version_book.
  Result<nlohmann::json> release(const std::string& as_typed);

  /// Judges what is on trial; to be called a few times a second while there is something.
  void judge(Deployment& deployment);
  bool has_trials() const { return !trials_.empty(); }
  /// Who is on trial and until when, for a refusal; empty if nothing is.
  std::string trials_text() const;
  /// The host stops in an orderly way.
  void note_stop();

  const VersionBook& book() const { return book_; }
  /// [{"plugins": [{"plugin", "from", "to"}], "until", "calls", "faults"}]
  nlohmann::json trials_to_json(const Deployment& deployment) const;

 private:
  struct Plan;

  Result<Plan> plan(const Deployment& deployment, const std::vector<SwapOrder>& orders) const;
  Result<Candidate> verify(const Config& config, const SwapOrder& order, const Plan& plan,
                           std::size_t at) const;
  Result<void> write_down(const std::vector<Candidate>& candidates);
  Result<void> take_over(Deployment& deployment, std::vector<Candidate>& candidates, const SwapTerms& terms);
  Result<void> publish(Deployment& deployment, std::unique_ptr<Trial> trial,
                       const std::vector<Candidate>& candidates);
  Result<void> give_up(const std::vector<Candidate>& candidates);
  /// `guilty`: plugins whose new version is quarantined.
  Result<void> end_badly(Deployment& deployment, std::size_t at, const std::string& reason,
                         const std::vector<std::string>& guilty);
  Result<void> end_well(Deployment& deployment, std::size_t at, const std::string& reason);
  Result<std::size_t> trial_of(const std::string& plugin) const;
  /// A fault of the disk must not undo what runs already, but somebody has to hear of it.
  /// Changes the book; who tells of it elsewhere does not see it half changed.
  template <typename Change>
  auto in_book(Change change) {
    const MutexLock lock(backends_.mutex);
    return change();
  }
  void tell_unwritten(const Result<void>& result, const std::string& plugin);
  void log(LogLevel level, std::string_view event, const std::string& plugin, const SwapEvent& what);

  VersionBook book_;
  Backends backends_;
  std::vector<std::unique_ptr<Trial>> trials_;
};

/// The plugin that people mean by its id or by the name of a connector of it. Error swap.unknown_plugin.
Result<std::string> swappable(const Deployment& deployment, const std::string& name);

}  // namespace certspan
