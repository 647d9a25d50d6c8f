#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/pipeline/gatherer.hpp"
#include "host/pipeline/intake.hpp"
#include "host/pipeline/item_runner.hpp"
#include "host/pipeline/reply_desk.hpp"
#include "host/pipeline/runtime.hpp"

namespace certspan {

/// Uniform in [0, 1), for jitter.
double random_unit();

/// The pipeline room as a whole: the pool of cpu steps, the items under way, and the way in from HTTP.
/// Thread-safe after `start`.
class Engine final : public IssuerDirectory {
 public:
  struct Options {
    std::size_t cpu_threads = 2;
    std::size_t queue_limit = 4096;  ///< requests that wait for a thread; beyond it 503
    std::size_t most_open = 10'000;  ///< items under way; beyond it 503
    IntakePolicy intake;
    IssuerHealth::Rules issuer_health;
    LostTime lost_time;                 ///< all zero: the journal was not put back from a backup
    double (*random)() = &random_unit;  ///< in [0, 1)
  };
  struct Backends {
    Log& log;
    const Clock& clock;
    Journal& journal;
    std::function<void()> journal_failed;
  };

  Engine(const Options& options, Backends backends);
  ~Engine() override;

  /// Takes up the journal's open items and lets work in. `config`'s connectors are started.
  Result<void> start(std::shared_ptr<const RunningConfig> config);
  /// Puts a new configuration, whose connectors are started, in the place of the running one, which is
  /// returned.
  std::shared_ptr<const RunningConfig> replace(std::shared_ptr<const RunningConfig> next);

  Submitter& submitter() { return intake_; }

  /// How often it looks for clients that have waited long enough.
  static constexpr std::chrono::milliseconds kSweepEvery{250};
  static constexpr std::chrono::milliseconds kStrandAgain{250};

  // For whoever moves the clock.

  /// The clock has been set forward.
  void clock_moved() { timer_.clock_moved(); }
  struct Rest {
    bool at_rest = false;  ///< nothing is being worked on: every open item waits for its time or a person
    std::size_t open = 0;
    std::optional<std::chrono::steady_clock::time_point> next;  ///< when the first of them is due
  };
  Rest rest() const;

  /// Hands a request to the source `connector` on a cpu thread. Called on an io thread; never blocks.
  void take_request(const std::string& connector, HttpRequest request, const HttpExchangePtr& exchange);

  Outcome chain(std::string_view source, std::string_view pipeline,
                const std::function<void(const Certificate&)>& visit) override;
  Outcome find(std::string_view source, std::string_view pipeline, BytesView issuer, BytesView serial,
               Found& found) override;
  Outcome crl(std::string_view source, std::string_view pipeline, const CrlWanted& wanted,
              Bytes& crl) override;
  Outcome next_ca(std::string_view source, std::string_view pipeline, Bytes& message) override;
  Outcome status(std::string_view issuer, BytesView cert_id, Bytes& status) override;

  /// Turns new work away; what is inside goes on.
  void close_intake() { intake_.close(); }
  void open_intake() { intake_.open(); }
  /// Waits until no client waits and no call is inside a connector. False at the deadline.
  bool drain(std::chrono::steady_clock::time_point deadline);
  /// Answers who still waits with "try later" and ends the threads. Open items stay in the journal. Legal
  /// twice.
  void stop();

  struct Status {
    std::size_t open = 0, waiting = 0, inside = 0, queued = 0;
    std::vector<std::pair<std::string, IssuerHealth::Snapshot>> issuers;  ///< those asked since the start
  };
  Status status() const;
  std::shared_ptr<const RunningConfig> config() const { return runtime_.config(); }
  /// Forgets what the connector of that name did as an issuer: another version of it is asked from now on.
  void forget_health(std::string_view issuer) { healths_.of(issuer).forget(); }

  // A person's word on a work item; see ItemRunner for the errors. Also work.not_found.

  /// Goes on now with an item that waits, or asks anew for a dead letter, as a new item.
  Result<WorkId> retry(WorkId id);
  Result<void> cancel(WorkId id, std::string_view who);
  Result<void> resolve(WorkId id, Resolution resolution, std::string_view who);
  /// Makes a dead letter of an item whose connector `who` took out of the configuration: at once, or as soon
  /// as the call that it is in has ended, unless that ends the item.
  void strand(WorkId id, const std::string& who);
  /// See Intake::order.
  Result<WorkId> revoke(const Intake::RevocationOrder& order) { return intake_.order(order); }
  Result<void> decide(WorkId id, bool approved, std::string_view who, std::string_view reason);

 private:
  void handle(const std::string& connector, const HttpRequest& request, const HttpExchangePtr& exchange);
  bool give_to_source(const std::shared_ptr<const RunningConfig>& config, const std::string& connector,
                      const HttpRequest& request, const HttpExchangePtr& exchange);
  void sweep();
  Result<OpenItemPtr> open_item(WorkId id);

  ItemTable table_;
  Timer timer_;
  IssuerHealths healths_;
  Revocations revocations_;
  CompromisedKeys compromised_keys_;
  WorkerPool cpu_;
  Runtime runtime_;
  ReplyDesk desk_;
  ItemRunner runner_;
  Intake intake_;
  Gatherer gatherer_;
  std::atomic<bool> stopped_{false};
};

}  // namespace certspan
