#pragma once

#include <signal.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "host/app/audit_sender.hpp"
#include "host/app/change_thread.hpp"
#include "host/app/deployment.hpp"
#include "host/app/listeners.hpp"
#include "host/app/main_thread.hpp"
#include "host/app/monitor.hpp"
#include "host/app/own_keys.hpp"
#include "host/app/swap_desk.hpp"
#include "host/base/log.hpp"
#include "host/base/mutex.hpp"
#include "host/control/control_server.hpp"
#include "host/control/notify.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/signed_head.hpp"
#include "host/pipeline/engine.hpp"
#include "host/services/http/http_server.hpp"

namespace certspan {

/// How `certspan run` ended; documented in docs/command-line.md.
enum class ExitCode : int {
  Ok = 0,
  Failure = 1,        ///< something that the message names
  BadConfig = 2,      ///< faults in the configuration; nothing was started
  CannotStart = 3,    ///< journal, port or socket not to be had
  JournalFailed = 4,  ///< a write to the journal failed while running; start again to recover
  Usage = 64,         ///< the command line itself is wrong

  // Of `certspan status --expiry`, as monitoring systems read them.
  EndsSoon = 1,  ///< something ends within 30 days
  EndsNow = 2,   ///< within 7 days, or has ended
  NotKnown = 3,  ///< the host can't be asked
};

/// The running host: everything that a configuration names, put together, started in order and ended in
/// order. Used by one thread, which `run` blocks until a signal ends it.
class HostProcess {
 public:
  explicit HostProcess(std::filesystem::path config_file) : config_file_(std::move(config_file)) {}
  ~HostProcess();

  /// Starts, serves until SIGTERM or SIGINT, drains and ends. SIGHUP applies the changed file or refuses it.
  ExitCode run();

 private:
  ExitCode start();
  ExitCode start_listening();
  Result<void> take_note_of_restores(std::chrono::milliseconds repeat_window);
  void add_commands();
  Result<void> start_monitor();
  void stop_monitor();
  void serve(const sigset_t& signals);
  std::chrono::milliseconds until_due() const;
  void do_what_is_due();
  /// How a changed configuration is to be taken.
  struct ApplyTerms {
    bool strand = false;  ///< open items of connectors that are gone become dead letters
    std::string who;
  };
  /// On the thread of changes. How many open items it strands.
  Result<std::size_t> reload(const ApplyTerms& terms);
  Result<std::size_t> apply(const ApplyTerms& terms);
  using Stranded = std::vector<WorkId>;
  Result<Stranded> expect_to_follow(const Config& next, const ApplyTerms& terms) const;
  /// What a configuration that is to take over brings along.
  struct Upkeep {
    FreshCertificates certificates;
    AskAgain own_keys;
  };
  Result<std::size_t> take_over(std::unique_ptr<Deployment> next, const Upkeep& upkeep,
                                const Stranded& left_behind, const ApplyTerms& terms);
  void renew_certificates();
  void renew_own_keys();
  void write_crls();
  void note_own_keys(const AskAgain& again);
  void log_warnings(const Faults& faults);
  void retire(std::unique_ptr<Deployment> gone);
  void end_retired();
  Result<void> can_follow(const Config& next) const;
  void shut_down();
  void end_connectors(std::chrono::steady_clock::time_point deadline);
  [[noreturn]] void end_without_plugin() const;
  void journal_failed();

  // Answers on the control socket, on its threads; `mutex_` keeps them and a change apart.
  nlohmann::json status() const;
  void add_change(nlohmann::json& notices) const;
  Result<nlohmann::json> command_action(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_revoke(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_work_retry(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_work_cancel(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_work_erase(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_work_decide(const nlohmann::json& arguments, const Peer& peer,
                                             bool approved);
  Result<nlohmann::json> command_work_resolve(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_swap(const nlohmann::json& arguments, const Peer& peer);
  Result<nlohmann::json> command_rollback(const nlohmann::json& arguments, const Peer& peer);
  nlohmann::json swapped_to_json() const;
  void add_swap_commands();
  Result<nlohmann::json> command_clock_accept();
  Result<nlohmann::json> command_journal_snapshot();

  const std::filesystem::path config_file_;
  SystemClock clock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Journal> journal_;
  std::optional<HeadSigner> head_signer_;
  std::unique_ptr<AuditSender> audit_sender_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Deployment> deployment_;
  struct Retired {
    std::unique_ptr<Deployment> deployment;
    std::chrono::steady_clock::time_point told_at;  ///< when it is told that a call is still inside
  };
  std::vector<Retired> retired_;  ///< replaced ones that a call has not left
  std::optional<SwapDesk> swaps_;
  SwapProgress swap_progress_;
  MainThread main_thread_;
  ChangeThread changes_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<Monitor> monitor_;
  Notifier notifier_;
  std::string last_reload_;
  std::atomic<bool> clock_behind_{false};
  std::atomic<bool> snapshot_under_way_{false};
  std::filesystem::path data_dir_;  ///< set before anybody can ask
  LostTime lost_time_;
  WallMs started_at_ = 0;
  std::optional<WallMs> renew_tls_at_;     // of the main thread
  std::optional<WallMs> ask_own_keys_at_;  // of the main thread
  std::optional<WallMs> write_crls_at_;    // of the main thread
  std::atomic<bool> journal_failed_{false};
  mutable Mutex mutex_;  ///< of what `status` tells: for moments
};

}  // namespace certspan
