// What the main thread does while the host serves: it waits for signals, and does what is due by the clock.

#include <signal.h>

#include <algorithm>

#include "host/app/crl_publisher.hpp"
#include "host/app/host_process.hpp"
#include "host/app/listeners.hpp"

namespace certspan {
namespace {

using std::chrono::milliseconds;

/// The wall clock may be set while we sleep, so nothing that hangs on it sleeps for longer.
constexpr milliseconds kLongestSleep{60'000};
/// After an issuer made no certificate.
constexpr milliseconds kTryAgain{60'000};
/// Between looks at calls that have yet to leave what was replaced, and at versions on probation.
constexpr milliseconds kLook{50};

/// The signal that came, or 0 after `longest`.
int next_signal(const sigset_t& signals, milliseconds longest) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timespec wait{.tv_sec = whole.count(), .tv_nsec = (longest - whole).count() * 1'000'000};
  return std::max(0, ::sigtimedwait(&signals, nullptr, &wait));
}

}  // namespace

void HostProcess::serve(const sigset_t& signals) {
  while (!journal_failed_) {
    const int signal = next_signal(signals, until_due());
    if (signal == SIGHUP) {
      changes_.do_next("a reload", [this] { static_cast<void>(reload({})); });
    } else if (signal == MainThread::wake_signal()) {
      main_thread_.take_steps();
    } else if (signal != 0) {
      return;
    }
    do_what_is_due();
  }
}

milliseconds HostProcess::until_due() const {
  milliseconds wait = kLongestSleep;
  if (const auto interval = notifier_.watchdog_interval()) {
    wait = std::min(wait, std::chrono::duration_cast<milliseconds>(*interval));
  }
  if (!retired_.empty() || deployment_->has_leaving() || swaps_->has_trials()) wait = std::min(wait, kLook);
  for (const auto& at : {renew_tls_at_, ask_own_keys_at_, write_crls_at_}) {
    if (at) wait = std::min(wait, milliseconds(*at - clock_.wall_ms()));
  }
  return std::max(wait, milliseconds(1));
}

/// What was replaced ends, versions on probation are judged, listeners get new certificates in time, and the
/// service manager gets the sign of life that it waits for.
void HostProcess::do_what_is_due() {
  if (notifier_.watchdog_interval()) notifier_.watchdog();
  end_retired();
  swaps_->judge(*deployment_);
  const WallMs now = clock_.wall_ms();
  if (renew_tls_at_ && now >= *renew_tls_at_) {
    renew_tls_at_ = now + kTryAgain.count();
    changes_.do_next("new certificates of listeners", [this] { renew_certificates(); });
  }
  if (ask_own_keys_at_ && now >= *ask_own_keys_at_) {
    ask_own_keys_at_ = now + kTryAgain.count();
    changes_.do_next("new certificates of RAs and OCSP responders", [this] { renew_own_keys(); });
  }
  if (write_crls_at_ && now >= *write_crls_at_) {
    write_crls_at_ = now + kTryAgain.count();
    changes_.do_next("CRLs for the directory", [this] { write_crls(); });
  }
}

void HostProcess::note_own_keys(const AskAgain& again) {
  ask_own_keys_at_.reset();
  if (again) ask_own_keys_at_ = clock_.wall_ms() + again->count();
}

/// On the thread of changes.
void HostProcess::write_crls() {
  using Scene = Deployment::Scene;
  const auto scene = main_thread_.have_done([&] { return Result<Scene>(deployment_->scene()); });
  if (!scene) return;  // the host stops
  const AskAgain again =
      publish_crls(deployment_->checked().config.host.publish_crls, scene->running->connectors, *log_);
  static_cast<void>(main_thread_.have_done([&] {
    write_crls_at_.reset();
    if (again) write_crls_at_ = clock_.wall_ms() + again->count();
    return Result<void>();
  }));
}

/// On the thread of changes.
void HostProcess::renew_own_keys() {
  using Scene = Deployment::Scene;
  const auto scene = main_thread_.have_done([&] { return Result<Scene>(deployment_->scene()); });
  if (!scene) return;  // the host stops
  const AskAgain again = certify_own_keys(deployment_->checked().config, scene->running->connectors, *log_);
  static_cast<void>(main_thread_.have_done([&] {
    note_own_keys(again);
    return Result<void>();
  }));
}

/// On the thread of changes: an issuer is asked.
void HostProcess::renew_certificates() {
  using Scene = Deployment::Scene;
  const auto scene = main_thread_.have_done([&] { return Result<Scene>(deployment_->scene()); });
  if (!scene) return;  // the host stops
  const auto fresh =
      renewed_certificates(deployment_->checked().config, scene->running->connectors, clock_.wall_ms());
  const auto renewed = fresh ? main_thread_.have_done([&]() -> Result<void> {
    CERTSPAN_TRY(renew_tls_at_, put_in(*http_, *fresh));
    return {};
  })
                             : tl::unexpected(fresh.error());
  if (renewed) {
    log_->write(LogLevel::Info, "certificates of listeners renewed", {});
  } else {
    log_->write(LogLevel::Error, "certificates of listeners can't be renewed",
                {{"code", renewed.error().code}, {"reason", renewed.error().message}});
  }
}

}  // namespace certspan
