#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <certspan/abi/plugin.h>

#include "host/base/bytes.hpp"
#include "host/base/crl_wanted.hpp"
#include "host/base/mutex.hpp"
#include "host/base/result.hpp"
#include "host/loading/abi_item.hpp"
#include "host/loading/answer.hpp"
#include "host/loading/call_report.hpp"
#include "host/loading/interfaces.hpp"
#include "host/loading/plugin.hpp"

namespace certspan {

/// How the calls of one generation went, for whoever judges it. Thread-safe.
class Tally {
 public:
  void count(bool went_well) {
    calls_.fetch_add(1, std::memory_order_relaxed);
    if (!went_well) faults_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  std::uint64_t faults() const { return faults_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> faults_{0};
};

/// Where a connector stands in its life:
///
///   New -create-> Created -start-> Started -open_intake-> Open -close_intake-> Started
///   Started, Open -drain-> Draining;  Created, Started, Open, Draining, failed start -stop-> Stopped
///   Created, Stopped -destroy-> Gone
enum class Life : std::uint8_t { New, Created, Started, Open, Draining, Stopped, Gone };

std::string_view to_string(Life life);

/// The certificate that `find` found, and how the CA says it stands now.
struct FoundCertificate {
  Bytes certificate;
  bool revoked = false;
};

/// What the fence sees of an issuer: its connector name, its chain (issuing CA first), and after `issue` the
/// certificate. Borrowed for the call.
struct IssuedView {
  std::string_view issuer;
  BytesView certificate;
  const std::vector<Bytes>& chain;
};

/// How an item ended, for whoever is told of it. Borrowed for the call.
struct DeliveryView {
  Outcome outcome = Outcome::Ok;
  std::string_view code;     ///< not Ok: why
  std::string_view message;  ///< not Ok: the same for people
  std::string_view issuer;   ///< Ok: the connector that issued
  BytesView certificate;     ///< Ok: DER
};

/// A certificate that is to be revoked: why, since when, and the item that issued it. Borrowed for the call.
struct RevocationView {
  std::uint32_t reason = 0;  ///< CERTSPAN_REASON_...
  WallMs at = 0;
  const WorkItem& issued;
};

/// How an item stands when its client is to be told. Borrowed for the call.
struct ReplyView {
  Outcome outcome = Outcome::Ok;  ///< Ok, Pending, Rejected, Invalid, Unsupported or Cancelled
  std::string_view id;
  std::string_view transaction_id;
  std::string_view code;
  BytesView certificate;
  const std::vector<Bytes>& chain;
};

/// What an action printed: JSON on Ok, faults otherwise.
struct ActionResult {
  CallReport report;
  std::string json;
};

/// What is wrong with `settings` (JSON that already fits the type's schema). No connector is needed.
/// [control-thread] [may-block]
CallReport validate_settings(const certspan_connector_type& type, std::string_view settings);

/// The actions that a type offers, in its order.
std::vector<const certspan_action*> actions_of(const certspan_connector_type& type);

/// Runs an action without a connector (CERTSPAN_ACTION_OFFLINE). `arguments` is a JSON object.
ActionResult run_offline_action(const certspan_connector_type& type, const std::string& name,
                                std::string_view arguments);

/// One configured instance of a connector type, with its life and its calls as C++ values.
///
/// Lifecycle calls come one at a time, from one thread after the other (control thread). Worker calls (from
/// `issue` on) may come from any number of threads while the connector is started; the caller keeps to the
/// connector's `concurrency`. Requires: no worker call is inside when `stop` is called, and none comes after
/// it, but `state()` may be asked at any time.
///
/// The destructor closes, stops and destroys what is left to. The plugin can't fail a lifecycle call into an
/// exception; faults come back in the CallReport.
class Connector {
 public:
  /// `type` is one of `plugin`'s.
  Connector(std::string name, std::shared_ptr<const Plugin> plugin,
            std::shared_ptr<const certspan_connector_type> type);
  Connector(std::string name, std::shared_ptr<const Plugin> plugin, const certspan_connector_type& type)
      : Connector(std::move(name), std::move(plugin),
                  std::shared_ptr<const certspan_connector_type>(std::shared_ptr<void>(), &type)) {}
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  const std::string& name() const { return name_; }
  const certspan_connector_type& type() const { return *type_; }
  const Plugin& plugin() const { return *plugin_; }
  /// Where its plugin's code runs, for people: "host", "process 4711", "process restarting". Control thread.
  std::string standing() const;
  /// Its worker process ended so often that it is not started again.
  bool has_failed() const;
  /// What came of its calls; counted by those who make them.
  Tally& tally() { return tally_; }
  const Tally& tally() const { return tally_; }
  Life state() const { return life_.load(std::memory_order_acquire); }
  /// Calls wait for something outside, so they get bounded workers of their own.
  bool runs_waits() const { return (type_->flags & CERTSPAN_TYPE_RUNS_WAITS) != 0; }

  /// The table of a role that the type offers, or null. Asked once when the connector was made.
  template <typename Table>
  const Table* role() const {
    return std::get<const Table*>(tables_);
  }

  // Lifecycle. A call that is out of turn is refused with Internal and reaches no plugin.

  CallReport validate_config(std::string_view settings) const { return validate_settings(*type_, settings); }
  /// `host` outlives the connector.
  CallReport create(const certspan_host* host, std::string_view settings);
  /// Not ok: the plugin's `stop` has been called, and the connector can only be destroyed.
  CallReport start();
  /// Sources only; for others it does nothing and is ok. Not ok: the intake has been closed again.
  CallReport open_intake();
  /// Legal in every state and any number of times.
  void close_intake();
  /// Closes the intake and lets the plugin finish until `deadline`. Not Ok: it has not finished.
  Outcome drain(std::chrono::steady_clock::time_point deadline);
  /// Legal in every state and any number of times; the plugin sees one call.
  void stop();
  /// Stops if need be. Legal in every state and any number of times.
  void destroy();

  // Worker calls. Each blocks at most until the deadline of its terms, if the plugin keeps to it.

  Answer validate(const WorkItem& item, const CallTerms& terms, const NoteFunction& note = {});
  /// Ok has a certificate and Pending a handle, else the answer is Internal. Unavailable and Throttled become
  /// Unknown, http_out.order_left, if within the CallScope of this thread a request may have done something.
  Answer issue(const WorkItem& item, const CallTerms& terms, const NoteFunction& note = {});
  /// Ok has a certificate. Pending with an empty handle: the old one still holds.
  Answer poll(const WorkItem& item, const CallTerms& terms, const NoteFunction& note = {});
  /// As `poll`. The type may lack it: Unsupported, connector.no_role; ask has_lookup() first.
  Answer lookup(const WorkItem& item, const CallTerms& terms, const NoteFunction& note = {});
  /// Cancelled: the order is dropped for good. Ok: it had been done, with its certificate. The type may lack
  /// it: ask has_cancel() first.
  Answer cancel(const WorkItem& item, const CallTerms& terms);
  Answer before_issue(const WorkItem& item, const CallTerms& terms, const IssuedView& issuers);
  Answer after_issue(const WorkItem& item, const CallTerms& terms, const IssuedView& view);
  /// Tells of how the item ended.
  Answer deliver(const WorkItem& item, const CallTerms& terms, const DeliveryView& view);
  Answer revoke(const WorkItem& item, const CallTerms& terms, const RevocationView& view);
  /// Has the source fetch work from outside.
  Answer gather(std::chrono::steady_clock::time_point deadline);

  /// The issuing CA first, its root last, DER. Errors: connector.no_role, connector.not_started,
  /// plugin.over_limit, plugin.empty_chain, plugin.chain_failed.
  Result<std::vector<Bytes>> chain();
  /// `issuer` is a DER Name, `serial` unsigned big-endian. Nothing: this CA has none such.
  Result<std::optional<FoundCertificate>> find(BytesView issuer, BytesView serial);
  /// A CRL. Nothing: it is of
  /// no CA of this connector.
  Result<std::optional<Bytes>> crl(const CrlWanted& wanted);
  /// The signed message about the CA that comes next. Nothing: none is prepared.
  Result<std::optional<Bytes>> next_ca();
  /// The CertStatus (RFC 6960 4.2.1) of the certificate with this CertID. Nothing: it is of no CA of this
  /// connector. Errors: as above.
  Result<std::optional<Bytes>> status(BytesView cert_id);
  /// What `certspan status` shows; Unsupported if the issuer has no ping.
  CallReport ping();

  /// Gives an HTTP request to a source. False, and the exchange untouched, when the connector takes none now.
  bool handle(const certspan_http_request& request, certspan_http_exchange* exchange);
  /// Has the source answer the exchange. False, and the exchange untouched, when the connector can't now.
  bool reply(const ReplyView& view, BytesView context, certspan_http_exchange* exchange);

  /// Runs a named command on this connector, when the one before has ended. Any thread. Unavailable: that did
  /// not end within `patience`.
  ActionResult run_action(const std::string& name, std::string_view arguments,
                          std::chrono::milliseconds patience = std::chrono::minutes(1));

  /// An issuer whose effects are all in its store, so that they commit with the item or not at all.
  bool has_local_effects() const {
    return issuer() != nullptr && (issuer()->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0;
  }
  bool can_revoke() const { return role<certspan_role_revoker>() != nullptr; }
  bool gathers() const {
    return role<certspan_role_source>() != nullptr && role<certspan_role_source>()->gather != nullptr;
  }
  bool has_poll() const { return issuer() != nullptr && issuer()->poll != nullptr; }
  bool has_lookup() const { return issuer() != nullptr && issuer()->lookup != nullptr; }
  bool has_cancel() const { return issuer() != nullptr && issuer()->cancel != nullptr; }
  bool has_find() const { return issuer() != nullptr && issuer()->find != nullptr; }
  bool has_crl() const { return issuer() != nullptr && issuer()->crl != nullptr; }
  /// A validator whose `pending` means that a person decides.
  bool asks_person() const;
  bool has_status() const { return issuer() != nullptr && issuer()->certificate_status != nullptr; }
  bool has_next_ca() const { return issuer() != nullptr && issuer()->next_ca != nullptr; }

 private:
  using Tables =
      std::tuple<const certspan_role_source*, const certspan_role_validator*, const certspan_role_processor*,
                 const certspan_role_issuer*, const certspan_role_deliverer*, const certspan_role_revoker*,
                 const certspan_actions*>;

  const certspan_role_issuer* issuer() const { return role<certspan_role_issuer>(); }
  bool callable() const;
  CallReport out_of_turn(std::string_view call) const;
  void set(Life life) { life_.store(life, std::memory_order_release); }
  CallKey issuer_key() const;
  bool begin_action(std::chrono::milliseconds patience);
  void end_action();
  template <typename Ask>
  Result<std::optional<Bytes>> one_value(bool offered, std::string_view what, std::size_t most,
                                         const Ask& ask);
  template <typename Call>
  Answer call(bool offered, std::string_view what, CallKey key, const WorkItem& item, const CallTerms& terms,
              const NoteFunction& note, const Call& call);

  const std::string name_;
  const std::shared_ptr<const Plugin> plugin_;
  const std::shared_ptr<const certspan_connector_type> type_;
  const Tables tables_;
  certspan_instance* instance_ = nullptr;
  std::atomic<Life> life_{Life::New};
  Tally tally_;
  Mutex action_mutex_;
  Condition action_ended_;
  bool in_action_ CERTSPAN_GUARDED_BY(action_mutex_) = false;
};

}  // namespace certspan
