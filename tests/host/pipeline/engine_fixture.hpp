#pragma once

#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/log.hpp"
#include "host/journal/journal.hpp"
#include "host/pipeline/engine.hpp"
#include "host/services/host_services.hpp"
#include "tests/host/pipeline/scripted_plugin.hpp"

namespace certspan {

/// What a client got: the status, and the body that the scripted source wrote ("ok:certificate of a 1").
struct ClientAnswer {
  unsigned status = 0;
  std::string body;

  bool operator==(const ClientAnswer&) const = default;
};

/// A client waits until its item is done or pending.
constexpr ReplyRule kTellPending{.within = std::chrono::milliseconds(45'000),
                                 .then = ReplyRule::Then::Pending};

/// A request under way; `get` waits for its answer.
using PendingAnswer = std::future<ClientAnswer>;

/// An engine over a real journal in a directory of its own, with the scripted plugin's connectors: "source",
/// "validator", "validator-2", "profile" (the fence), "hook", "hook-2" (deliverers), "ca", "ca-2" (both asked
/// outside), "blind", "idempotent", "orders", "local". Requests come in as the HTTP server would hand them
/// over.
class EngineFixture {
 public:
  EngineFixture();
  ~EngineFixture();

  /// Of each connector that waits for something outside.
  static constexpr int kWorkers = 2;
  static constexpr int kOwnQueue = 100;

  Script script;
  /// Breakers that open after 3 failures for some milliseconds, and retries without end.
  IssuerHealth::Rules issuer_health{.failures = 3,
                                    .first_pause = std::chrono::milliseconds(20),
                                    .longest_pause = std::chrono::milliseconds(80),
                                    .retries_per_second = 1000.0,
                                    .retries_per_success = 1.0,
                                    .most_retries = 1000.0};

  /// Looked at from `start` on.
  LostTime lost_time;
  const Clock* clock = &system_clock_;
  RevocationGuard revocation_guard;

  /// A pipeline validator -> issuers with quick retries.
  static Pipeline pipeline(std::vector<std::string> issuers, ReplyRule reply = {});

  /// The same, with those who are told of a certificate and of a failure, without a bound of tries.
  static Pipeline telling(std::vector<std::string> issuers, std::vector<std::string> of_success,
                          std::vector<std::string> of_failure = {});

  void start(Pipeline pipeline) { start(std::vector<Pipeline>{std::move(pipeline)}); }
  void start(std::vector<Pipeline> pipelines);
  /// Ends the engine and closes the journal as a stop does; what is open stays in the journal.
  void stop();
  /// Stops, and forgets all that was done; what the CAs outside did stays in the script.
  void lose_journal();

  PendingAnswer send(const std::string& body);
  ClientAnswer ask(const std::string& body) { return send(body).get(); }

  /// Goes on with an item that waits, as soon as nobody works on it.
  void hurry(WorkId id);

  /// Waits until as many calls wait for a connector as may.
  bool wait_for_full(const std::string& connector);

  Journal& journal() { return *journal_; }
  Engine& engine() { return *engine_; }
  std::vector<WorkItem> items(bool open, bool finished);
  /// The one item that the journal knows, besides orders of revocation.
  WorkItem only_item();
  /// What the log holds.
  std::string log_text() const;
  /// Waits until an item is in this state, by the journal; for one in which it ends, until the engine has let
  /// go of it too, since a poll in between still hears PENDING.
  bool wait_for(ItemState state);

 private:
  void add_connector(RunningConfig& config, const std::string& name, const char* type);

  std::filesystem::path directory_;
  SystemClock system_clock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const Plugin> plugin_;
  std::vector<std::unique_ptr<HostServices>> services_;
  std::shared_ptr<RunningConfig> running_;
};

}  // namespace certspan
