#pragma once

#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "host/loading/worker/conversation.hpp"
#include "host/loading/worker/protocol.hpp"
#include "host/loading/worker/restart_policy.hpp"
#include "host/loading/worker/worker_process.hpp"

namespace certspan::worker {

/// A connector whose plugin runs in a worker process, as the host's side holds it: the plugin's functions,
/// each of which crosses over, and a thread that starts the worker and, when it ends unasked, starts it again
/// with a pause that grows, and brings the connector back to where it stood. After too many ends it stays
/// failed.
///
/// While there is no worker a call ends as "unavailable": certainly not done. A call that a worker did not
/// come back from ends as "unknown"; one that is five seconds over its deadline costs the worker its life.
/// Thread rules as for a connector.
class WorkerInstance {
 public:
  WorkerInstance(WorkerPlan plan, const certspan_host* host, std::string name, std::string settings);
  ~WorkerInstance();
  WorkerInstance(const WorkerInstance&) = delete;
  WorkerInstance& operator=(const WorkerInstance&) = delete;

  certspan_outcome create(const certspan_fault_sink* faults);
  certspan_outcome start(const certspan_fault_sink* faults);
  certspan_outcome open_intake(const certspan_fault_sink* faults);
  void close_intake();
  certspan_outcome drain(std::uint64_t deadline_ns);
  void stop();
  void destroy();

  void ask(Call call, const certspan_item* item, const certspan_answer_sink* sink);
  void ask_about(Call call, const certspan_item* item, const certspan_issued* issued,
                 const certspan_answer_sink* sink);
  void deliver(const certspan_item* item, const certspan_delivery* delivery,
               const certspan_answer_sink* sink);
  void revoke(const certspan_item* item, const certspan_revocation* revocation,
              const certspan_answer_sink* sink);
  void gather(std::uint64_t deadline_ns, const certspan_answer_sink* sink);
  void handle(const certspan_http_request* request, certspan_http_exchange* exchange);
  void reply(const certspan_reply* reply, certspan_bytes_view context, certspan_http_exchange* exchange);
  certspan_outcome chain(const certspan_chain_sink* sink);
  certspan_outcome find(const certspan_find_request* request, const certspan_find_sink* sink);
  certspan_outcome crl(const certspan_crl_request* request, const certspan_bytes_sink* sink);
  certspan_outcome next_ca(const certspan_bytes_sink* sink);
  certspan_outcome status(const certspan_status_request* request, const certspan_bytes_sink* sink);
  certspan_outcome ping(const certspan_fault_sink* faults);
  certspan_outcome act(const char* name, certspan_string_view arguments, const certspan_bytes_sink* result,
                       const certspan_fault_sink* faults);

  /// How the worker stands, for people: "process 4711 (seccomp, landlock, no network)", "process restarting",
  /// "process failed".
  std::string standing() const;
  bool has_failed() const;

 private:
  std::string why_not_made();

  /// For calls that make, start or end the connector.
  static constexpr std::chrono::seconds kLifecycle{60};

  /// What the connector was brought to; a new worker is brought there too.
  enum class Stage : std::uint8_t { Created, Started, Open };
  struct Terms {
    std::chrono::steady_clock::time_point deadline;
    const certspan_answer_sink* answer = nullptr;
    certspan_http_exchange* exchange = nullptr;
    AboutItem item{};
    bool is_question = false;  ///< about how it stands: the worker does not pay for being late
  };

  FrameWriter begin(Call call) const;
  void put(const FrameWriter& question, const certspan_item* item, const certspan_answer_sink* sink);
  void put(const FrameWriter& question, const Terms& terms, const certspan_answer_sink* sink);
  FrameWriter creation() const;
  CallEnd cross(WorkerProcess& process, const FrameWriter& call, const Terms& terms, WipedBytes& done);
  CallEnd cross(const FrameWriter& call, const Terms& terms, WipedBytes& done);
  certspan_outcome report(const FrameWriter& call, const Terms& terms, const certspan_fault_sink* faults);
  certspan_outcome report(const FrameWriter& call, const certspan_fault_sink* faults);

  void supervise();
  void serve(WorkerProcess& process);
  bool revive(WorkerProcess& process);
  /// Runs one worker until it ends; how it ended.
  std::string run_one(bool again);
  /// False: there is to be no further worker.
  bool wait_for_next(const std::string& how, RestartPolicy& policy);
  bool hear_shut_in(FrameReader& frame);
  void print(const WorkerProcess& process);
  std::shared_ptr<WorkerProcess> running() const;
  using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;
  void log(std::int32_t level, std::string_view event, LogFields fields) const;

  const WorkerPlan plan_;
  const ServiceTables tables_;
  const std::string name_;
  const std::string settings_;
  LogQuota quota_;
  Foresight foresight_;
  std::atomic<bool> presumes_ = true;  ///< that writes will be taken; not after the first that was not

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<WorkerProcess> starting_;  ///< it runs, and the connector is not yet where it stood
  std::shared_ptr<WorkerProcess> running_;
  Stage stage_ = Stage::Created;
  std::string shut_in_;   ///< what holds the worker, in its own words
  std::string why_none_;  ///< the first worker could not be started, or ended before it was of use
  bool created_ = false;
  bool ending_ = false;
  bool failed_ = false;
  std::thread supervisor_;
};

}  // namespace certspan::worker
