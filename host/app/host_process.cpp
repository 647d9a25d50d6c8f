#include "host/app/host_process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <iostream>
#include <thread>
#include <utility>

#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/app/last_resort.hpp"
#include "host/app/listeners.hpp"
#include "host/app/work_queries.hpp"
#include "host/app/work_report.hpp"
#include "host/journal/key_rotation.hpp"

namespace certspan {
namespace {

/// A wall clock further behind the newest record than this is wrong, or the records are from the future.
constexpr WallMs kMostBehind = 5L * 60 * 1000;

/// For what a plugin is still inside of, a change too, when work under way has had its time.
constexpr std::chrono::seconds kBeyondDrain{10};

/// Of the route for metrics; no connector can be named like this.
constexpr const char* kMetricsOwner = "host metrics";

/// Signals are taken by `serve` alone; every thread inherits the mask.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, MainThread::wake_signal()}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
  return set;
}

/// Keys and challenges are in memory, and what is written is for this user alone.
void keep_to_ourselves() {
  ::umask(077);
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

ExitCode say(const Error& error, ExitCode code) {
  std::cerr << "certspan: " << error.message << " [" << error.code << "]\n";
  return code;
}

/// More than there are cores: a thread that waits for a worker leaves its core to another, and with more
/// items under way the journal's groups are larger.
std::size_t cpu_threads() {
  constexpr std::size_t kForEachCore = 4;
  return kForEachCore * std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

HostProcess::~HostProcess() {
  shut_down();
}

ExitCode HostProcess::run() {
  keep_to_ourselves();
  const sigset_t signals = block_signals();
  const ExitCode started = start();
  if (started != ExitCode::Ok) return started;
  serve(signals);
  shut_down();
  return journal_failed_ ? ExitCode::JournalFailed : ExitCode::Ok;
}

ExitCode HostProcess::start() {
  Faults faults(config_file_.string());
  auto checked = check_config(config_file_, copies_in_data_dir, faults);
  if (!checked) {
    std::cerr << faults.to_text();
    return faults.has(FaultCode::DataDir) ? ExitCode::CannotStart : ExitCode::BadConfig;
  }
  const Config& config = checked->config;
  auto log = Log::open({config.host.log.level, config.host.log.format, config.host.log.file});
  if (!log) return say(log.error(), ExitCode::CannotStart);
  log_ = std::move(*log);
  log_warnings(faults);
  const auto keys = configured_keys(config.host);
  if (!keys) return say(keys.error(), ExitCode::CannotStart);
  auto journal = open_journal({.directory = config.host.data_dir,
                               .keys = *keys,
                               .clock = &clock_,
                               .retention = config.host.retention});
  if (!journal) return say(journal.error(), ExitCode::CannotStart);
  journal_ = std::move(*journal);
  if (must_rotate(config.host.data_dir, *keys, journal_->key_mark())) {
    log_->write(LogLevel::Warn, "a rotation of the journal's key has not ended",
                {{"do", "stop the host, run `certspan journal rotate-key`, and start it again"}});
  }
  auto signer = HeadSigner::open(config.host.data_dir);
  if (!signer) return say(signer.error(), ExitCode::CannotStart);
  head_signer_ = std::move(*signer);
  auto book = VersionBook::open(plugin_copies(config));
  if (!book) return say(book.error(), ExitCode::CannotStart);
  swaps_.emplace(std::move(*book), SwapDesk::Backends{*log_, clock_, mutex_, main_thread_, swap_progress_,
                                                      config_file_.string()});
  if (auto recovered = swaps_->recover(); !recovered) return say(recovered.error(), ExitCode::CannotStart);
  checked->catalog->sweep_copies(plugin_copies(config), swaps_->book().copies());
  clock_behind_ = clock_.wall_ms() + kMostBehind < journal_->newest_record();
  data_dir_ = config.host.data_dir;
  if (const auto noted = take_note_of_restores(config.host.repeat_window); !noted) {
    return say(noted.error(), ExitCode::CannotStart);
  }
  Engine::Options options;
  options.cpu_threads = cpu_threads();
  options.intake.repeat_window = config.host.repeat_window;
  options.lost_time = lost_time_;
  engine_ = std::make_unique<Engine>(
      options, Engine::Backends{*log_, clock_, *journal_, [this] { journal_failed(); }});
  http_ = std::make_unique<HttpServer>(HttpOptions{});
  deployment_ = std::make_unique<Deployment>(
      std::move(*checked), Deployment::Backends{*log_, clock_, *journal_, *engine_, *http_});
  return start_listening();
}

/// Clients may repeat requests of the time after a backup for as long as any others.
Result<void> HostProcess::take_note_of_restores(std::chrono::milliseconds repeat_window) {
  const WallMs now = std::max(clock_.wall_ms(), journal_->newest_record());
  CERTSPAN_TRY(auto restores, journal_->restores());
  bool fresh = false;
  for (Restore& restore : restores) {
    if (!restore.nothing_lost) {
      lost_time_.since = restore.started_at.value_or(now);
      lost_time_.until = lost_time_.since + repeat_window.count();
    }
    if (restore.started_at) continue;
    fresh = true;
    log_->write(LogLevel::Warn, "the journal was put back from a backup",
                {{"backup_at", to_wall_text(restore.backup_at)},
                 {"restored_at", to_wall_text(restore.restored_at)},
                 {"audit_number", std::to_string(restore.audit_number)},
                 {"asks_until", restore.nothing_lost ? "" : to_wall_text(lost_time_.until)}});
  }
  if (!fresh) return {};
  return journal_->start_restores(now);
}

/// Everything that can be refused (ports, connectors, routes, socket) comes before the first request is let
/// in.
ExitCode HostProcess::start_listening() {
  Faults faults(config_file_.string());
  if (!deployment_->start(faults)) {
    std::cerr << faults.to_text();
    return ExitCode::CannotStart;
  }
  write_crls_at_ = clock_.wall_ms();
  note_own_keys(certify_own_keys(deployment_->checked().config, deployment_->running()->connectors, *log_));
  auto bound = add_listeners(*http_, deployment_->checked().config, deployment_->running()->connectors,
                             clock_.wall_ms());
  if (!bound) return say(bound.error(), ExitCode::CannotStart);
  renew_tls_at_ = *bound;
  auto started = engine_->start(deployment_->running());
  if (!started) return say(started.error(), ExitCode::CannotStart);
  if (!deployment_->open_intake(faults)) {
    std::cerr << faults.to_text();
    return ExitCode::CannotStart;
  }
  if (clock_behind_) {
    engine_->close_intake();
    log_->write(LogLevel::Error, "clock behind the journal: no new work is accepted",
                {{"newest_record", to_wall_text(journal_->newest_record())},
                 {"do", "set the clock, or run `certspan clock accept`"}});
  } else if (clock_.wall_ms() < journal_->newest_record()) {
    log_->write(LogLevel::Warn, "the clock is a little behind the journal",
                {{"newest_record", to_wall_text(journal_->newest_record())}});
  }
  changes_.start();
  add_commands();
  auto controlled = control_->start();
  if (!controlled) return say(controlled.error(), ExitCode::CannotStart);
  if (const auto watching = start_monitor(); !watching) return say(watching.error(), ExitCode::CannotStart);
  auto serving = http_->start();
  if (!serving) return say(serving.error(), ExitCode::CannotStart);
  if (const AuditSection& audit = deployment_->checked().config.host.audit; audit.is_told()) {
    audit_sender_ = std::make_unique<AuditSender>(*journal_, *head_signer_, clock_, *log_, audit);
  }
  started_at_ = clock_.wall_ms();
  log_->write(LogLevel::Info, "started",
              {{"version", CERTSPAN_VERSION},
               {"config", config_file_.string()},
               {"sealing_key", journal_->key_mark()}});
  for (const HttpListenerStatus& listener : http_->status()) {
    log_->write(LogLevel::Info, "listening", {{"listener", listener.name}, {"address", listener.address}});
  }
  notifier_.ready();
  return ExitCode::Ok;
}

Result<void> HostProcess::start_monitor() {
  monitor_ = std::make_unique<Monitor>([this] { return status(); }, clock_, *log_);
  const MetricsSection& metrics = deployment_->checked().config.host.metrics;
  if (metrics.listener.name.empty()) return {};
  constexpr std::size_t kNoBody = 0;
  return http_->add_route(
      {.listener = metrics.listener.name, .path = metrics.path, .owner = kMetricsOwner, .max_body = kNoBody},
      [monitor = monitor_.get()](const HttpRequest& request, HttpExchangePtr exchange) {
        monitor->tell_metrics(request, std::move(exchange));
      });
}

void HostProcess::stop_monitor() {
  if (!monitor_) return;
  http_->remove_routes(kMetricsOwner);
  monitor_.reset();
}

/// Called on a thread of the engine: nothing may be told to any client from here on. The main thread ends the
/// process.
void HostProcess::journal_failed() {
  if (journal_failed_.exchange(true)) return;
  http_->abort_connections();
  log_->write(LogLevel::Error, "journal failed: the host ends, recovery decides what was committed",
              {{"do", "look at the disk under data_dir, then start the host again"}});
  log_->flush();
  ::kill(::getpid(), SIGTERM);
}

void HostProcess::shut_down() {
  if (!engine_) return;
  notifier_.stopping();
  changes_.close();
  main_thread_.close();
  const auto deadline = clock_.now() + (journal_failed_ ? std::chrono::milliseconds(0)
                                                        : deployment_->checked().config.host.drain_timeout);
  const LastResort last_resort(deadline + kBeyondDrain, [this] { end_without_plugin(); });
  engine_->close_intake();
  http_->stop_accepting();
  const bool drained = !journal_failed_ && engine_->drain(deadline);
  if (!journal_failed_)
    http_->drain(std::min(deadline, clock_.now() + std::chrono::seconds(drained ? 2 : 0)));
  stop_monitor();
  if (control_) control_->stop();
  engine_->stop();
  http_->stop();
  if (swaps_ && !journal_failed_) swaps_->note_stop();
  if (!changes_.ended_by(deadline + kBeyondDrain)) end_without_plugin();
  end_connectors(deadline);
  log_->write(LogLevel::Info, "stopped", {{"drained", drained ? "yes" : "no"}});
  engine_.reset();
  audit_sender_.reset();
  journal_.reset();
}

/// Requires: the engine's threads have ended, so that no call is inside any more.
void HostProcess::end_connectors(std::chrono::steady_clock::time_point deadline) {
  engine_->replace(std::make_shared<RunningConfig>());
  for (const Retired& retired : retired_) retired.deployment->stop(deadline);
  swaps_.reset();
  deployment_->stop(deadline);
  retired_.clear();
  deployment_.reset();
}

/// What is committed is on disk. Nothing can be taken from under the feet of a plugin that is still inside a
/// call, a `start` or a `stop`, so the process ends as it is; workers end with it.
void HostProcess::end_without_plugin() const {
  log_->write(LogLevel::Error, "a plugin does not come back: the host ends without it",
              {{"do", "see which call the log names last, and run that plugin with `isolation: process`"}});
  log_->flush();
  std::_Exit(static_cast<int>(journal_failed_ ? ExitCode::JournalFailed : ExitCode::Failure));
}

}  // namespace certspan
