// SIGHUP: the new configuration is checked, built and started beside the old one; on any fault the old one
// keeps serving.

#include <fmt/format.h>

#include "host/app/host_link.hpp"
#include "host/app/host_process.hpp"
#include "host/app/journal_access.hpp"
#include "host/app/listeners.hpp"
#include "host/journal/key_rotation.hpp"

namespace certspan {
namespace {

/// Open items that name a connector which `next` has no more.
Result<std::vector<WorkId>> stranded(Journal& journal, const Config& now, const Config& next) {
  std::vector<WorkId> ids;
  for (const ConnectorConfig& connector : now.connectors) {
    if (next.connector(connector.name.name) != nullptr) continue;
    ItemFilter filter;
    filter.finished = false;
    filter.connector = connector.name.name;
    CERTSPAN_TRY(const auto items, journal.list(filter));
    for (const WorkItem& item : items) ids.push_back(item.id);
  }
  return ids;
}

/// Takes away the routes of `gone` that `stays` has not.
void retire_routes(HttpServer& http, const Deployment& gone, const Deployment& stays) {
  for (const auto& [name, station] : gone.running()->connectors.all()) {
    http.remove_routes(name, stays.places_of(name));
  }
}

bool same_limits(const Listener& a, const Listener& b) {
  return a.max_connections == b.max_connections && a.header_timeout == b.header_timeout &&
         a.body_timeout == b.body_timeout && a.idle_timeout == b.idle_timeout;
}

bool same_proxies(const Listener& a, const Listener& b) {
  return a.trusted_proxies == b.trusted_proxies && a.proxy_protocol == b.proxy_protocol;
}

/// The key of a setting that is read at the start alone and differs; empty if there is none.
std::string changed_for_a_start(const HostSection& now, const HostSection& next) {
  if (next.log.level != now.log.level) return "host.log.level";
  if (next.log.format != now.log.format) return "host.log.format";
  if (next.log.file != now.log.file) return "host.log.file";
  if (next.audit != now.audit) return "host.audit";
  if (next.metrics != now.metrics) return "host.metrics";
  if (next.repeat_window != now.repeat_window) return "host.repeat_window";
  for (const Listener& listener : next.listeners) {
    const Listener* before = now.listener(listener.name.name);
    if (before != nullptr && !same_limits(*before, listener)) {
      return "host.listeners." + listener.name.name + ".limits";
    }
    if (before != nullptr && !same_proxies(*before, listener)) {
      return "host.listeners." + listener.name.name + ".trusted_proxies";
    }
  }
  return {};
}

/// What stands behind the same name may be another key by now, with which the next start would end.
Result<void> expect_key(const HostSection& next, const std::string& mark) {
  CERTSPAN_TRY(const ConfiguredKeys keys, configured_keys(next));
  if (!keys.current || mark.empty() || may_open(next.data_dir, keys, mark)) return {};
  return fail(Outcome::Rejected, "config.journal_key",
              "\"host.journal_key\" is another key than the journal is sealed with: name the old one as "
              "\"host.previous_journal_key\" and run `certspan journal rotate-key` when the host is down");
}

/// Wherever it stands in the file.
std::string name_of(const std::optional<SecretRef>& secret) {
  return secret ? to_string(*secret) : std::string();
}

}  // namespace

Result<std::size_t> HostProcess::reload(const ApplyTerms& terms) {
  notifier_.reloading();
  auto applied = apply(terms);
  {
    const MutexLock lock(mutex_);
    last_reload_ = applied ? "applied" : "refused: " + applied.error().message;
  }
  if (applied) {
    log_->write(LogLevel::Info, "configuration applied", {{"config", config_file_.string()}});
  } else {
    log_->write(LogLevel::Error, "configuration refused, the old one keeps serving",
                {{"config", config_file_.string()},
                 {"code", applied.error().code},
                 {"reason", applied.error().message}});
  }
  notifier_.ready();
  return applied;
}

/// A call that does not end keeps its connector; the rest of the host goes on.
void HostProcess::retire(std::unique_ptr<Deployment> gone) {
  const auto tell_at = clock_.now() + deployment_->checked().config.host.drain_timeout;
  gone->stop(clock_.now());
  retired_.push_back({std::move(gone), tell_at});
  end_retired();
}

void HostProcess::end_retired() {
  const auto now = clock_.now();
  deployment_->end_leaving(now);
  std::erase_if(retired_, [&](const Retired& retired) { return retired.deployment->stop(now); });
  for (Retired& retired : retired_) {
    if (now < retired.told_at) continue;
    log_->write(LogLevel::Warn,
                "a call is still inside the configuration before; its connectors stay until it ends",
                {{"configurations", std::to_string(retired_.size())}});
    retired.told_at = std::chrono::steady_clock::time_point::max();
  }
}

void HostProcess::log_warnings(const Faults& faults) {
  for (const Fault& fault : faults.sorted()) {
    if (fault.severity != Severity::Warning) continue;
    log_->write(LogLevel::Warn, "configuration warning",
                {{"code", to_string(fault.code)},
                 {"place", fmt::format("{}:{}:{}", fault.file, fault.mark.line, fault.mark.column)},
                 {"reason", fault.message}});
  }
}

Result<std::size_t> HostProcess::apply(const ApplyTerms& terms) {
  Faults faults(config_file_.string());
  auto checked = check_config(config_file_, copies_in_data_dir, faults);
  if (!checked) {
    return fail(Outcome::Invalid, "config.faults",
                faults.to_line() + "; `certspan check` shows each at its line");
  }
  CERTSPAN_TRY(const Stranded left_behind,
               main_thread_.have_done([&] { return expect_to_follow(checked->config, terms); }));
  log_warnings(faults);
  auto next = std::make_unique<Deployment>(std::move(*checked),
                                           Deployment::Backends{*log_, clock_, *journal_, *engine_, *http_});
  if (!next->start(faults)) return fail(Outcome::Unavailable, "config.start", faults.to_line());
  const ConnectorSet& connectors = next->running()->connectors;
  Upkeep upkeep;
  CERTSPAN_TRY(upkeep.certificates, certificates_of(next->checked().config, connectors, clock_.wall_ms()));
  upkeep.own_keys = certify_own_keys(next->checked().config, connectors, *log_);
  // Open before it runs: nobody is turned away from one moment to the next.
  if (!next->open_intake(faults)) {
    retire_routes(*http_, *next, *deployment_);
    return fail(Outcome::Unavailable, "config.intake", faults.to_line());
  }
  return main_thread_.have_done([&] { return take_over(std::move(next), upkeep, left_behind, terms); });
}

/// The open items that it would strand.
Result<HostProcess::Stranded> HostProcess::expect_to_follow(const Config& next,
                                                            const ApplyTerms& terms) const {
  CERTSPAN_CHECK(can_follow(next));
  CERTSPAN_TRY(auto left_behind, stranded(*journal_, deployment_->checked().config, next));
  if (left_behind.empty() || terms.strand) return left_behind;
  return fail(Outcome::Rejected, "config.strands_work",
              std::to_string(left_behind.size()) +
                  " open work items name a connector that the new configuration has no more: see "
                  "`certspan work list --open`; `certspan apply --strand` makes them dead letters");
}

/// Nothing is refused any more.
Result<std::size_t> HostProcess::take_over(std::unique_ptr<Deployment> next, const Upkeep& upkeep,
                                           const Stranded& left_behind, const ApplyTerms& terms) {
  engine_->replace(next->running());
  note_own_keys(upkeep.own_keys);
  write_crls_at_ = clock_.wall_ms();
  const auto renew_at = put_in(*http_, upkeep.certificates);
  if (renew_at) {
    renew_tls_at_ = *renew_at;
  } else {
    log_->write(LogLevel::Error, "listeners keep their old certificates",
                {{"code", renew_at.error().code}, {"reason", renew_at.error().message}});
  }
  retire_routes(*http_, *deployment_, *next);
  journal_->keep_finished_for(next->checked().config.host.retention);
  control_->set_roles(next->checked().config.host.control.roles);
  {
    MutexLock lock(mutex_);
    std::swap(deployment_, next);
  }
  // Asked again: more may have come until the engine ran this configuration.
  const Result<Stranded> now_left =
      terms.strand ? stranded(*journal_, next->checked().config, deployment_->checked().config) : left_behind;
  const Stranded& ids = now_left ? *now_left : left_behind;
  for (const WorkId id : ids) engine_->strand(id, terms.who);
  retire(std::move(next));
  return ids.size();
}

/// What a running host cannot change under its own feet.
Result<void> HostProcess::can_follow(const Config& next) const {
  const Config& now = deployment_->checked().config;
  if (swaps_->has_trials()) {
    return fail(Outcome::Rejected, "config.on_trial",
                swaps_->trials_text() +
                    ": apply the configuration when that is over, or end it with `certspan "
                    "plugin commit` or `rollback`");
  }
  if (next.host.data_dir != now.host.data_dir || control_socket(next) != control_socket(now) ||
      name_of(next.host.journal_key) != name_of(now.host.journal_key)) {
    return fail(Outcome::Rejected, "config.needs_restart",
                "data_dir, journal_key and control socket change with a restart only");
  }
  CERTSPAN_CHECK(expect_key(next.host, journal_->key_mark()));
  if (!same_addresses(next.host.listeners, now.host.listeners)) {
    return fail(Outcome::Rejected, "config.needs_restart",
                "listeners and their addresses change with a restart only");
  }
  if (const std::string key = changed_for_a_start(now.host, next.host); !key.empty()) {
    return fail(Outcome::Rejected, "config.needs_restart", key + " changes with a restart only");
  }
  return {};
}

}  // namespace certspan
