// A host in memory: what a connector asks of it can be set, what a connector does to it can be read. For
// tests of plugins, ours and those of vendors. Needs nothing but the C++ library.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <certspan/abi/plugin.h>
#include <certspan/abi/service_submit.h>
#include <certspan/abi/services.h>
#include <certspan/testing/fake_http_out.hpp>
#include <certspan/testing/fake_store.hpp>
#include <certspan/testing/recorders.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk::testing {

struct RecordedLog {
  std::int32_t level = 0;
  std::string event;
  std::vector<Label> fields;
};

struct RecordedRoute {
  std::string listener;
  std::string path;
  std::uint64_t max_body = 0;
  std::uint32_t flags = 0;
};

/// One HTTP exchange and how the plugin ended it.
struct FakeExchange {
  struct Response {
    std::uint32_t status = 0;
    std::uint32_t retry_after_s = 0;
    std::string content_type;
    ByteBuffer body;
    std::vector<Label> fields;
  };
  struct Submitted {
    ByteBuffer key;
    ByteBuffer poll_key;
    std::string message;
    std::string transaction_id;
    ByteBuffer request;
    ByteBuffer signer;
    std::vector<Label> labels;
    ByteBuffer reply_context;
  };
  struct Polled {
    ByteBuffer poll_key;
    std::string transaction_id;
    ByteBuffer reply_context;
  };

  std::optional<Response> response;
  std::optional<Submitted> submitted;
  std::optional<Polled> polled;
  int endings = 0;  ///< must come to 1

  [[nodiscard]] certspan_http_exchange* c_exchange() noexcept {
    return reinterpret_cast<certspan_http_exchange*>(this);
  }
};

/// One connector's host. Set the public members before the connector uses them; read them when it is idle.
/// The address must not change. Calls of the plugin may come from any thread.
class FakeHost {
 public:
  /// Values that `Host::open_secret` gives for a token.
  std::map<std::string, std::string> secrets;
  /// Issuer name and certificate, in order, for every pipeline.
  std::vector<std::pair<std::string, ByteBuffer>> chains;
  /// What `issuers.find` answers, by serial number (text of its octets): certificate and state.
  std::map<std::string, std::pair<ByteBuffer, std::uint32_t>> certificates;
  /// What `issuers.status` gives, by CertID (text of its octets).
  std::map<std::string, ByteBuffer> statuses;
  /// What `issuers.crl` gives, by the DER name of the CA (text of its octets).
  std::map<std::string, ByteBuffer> crls;
  /// What `issuers.next_ca` gives; empty: it comes to `next_ca_outcome`.
  ByteBuffer next_ca_message;
  Outcome next_ca_outcome = Outcome::Unsupported;
  /// What the calls of `issuers` come to; unless it is Ok they give nothing.
  Outcome issuers_outcome = Outcome::Ok;
  /// Listener and path prefix that the YAML would grant; empty: everything.
  std::set<std::pair<std::string, std::string>> granted_routes;
  std::vector<RecordedRoute> routes;
  FakeStore store;
  FakeHttpOut http_out;

  [[nodiscard]] const certspan_host* c_host() const noexcept { return &host_; }

  /// The host no longer offers this service. Before the connector is made.
  void withhold(const std::string& service_id) { withheld_.insert(service_id); }
  void withhold_all() { withhold_all_ = true; }

  void set_wall_clock(std::chrono::system_clock::time_point time) noexcept {
    wall_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  }
  /// The monotonic clock stands still from now on, but for `advance`.
  void freeze() noexcept { frozen_ns_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
  /// Moves both clocks on. The monotonic one is the real one, plus this.
  void advance(std::chrono::nanoseconds step) noexcept {
    advanced_ns_ += step.count();
    wall_ms_ += std::chrono::duration_cast<std::chrono::milliseconds>(step).count();
  }

  /// What a source has brought in, and what it is told of the next one.
  [[nodiscard]] std::vector<FakeExchange::Submitted> brought() const {
    const std::lock_guard lock(mutex_);
    return brought_;
  }
  void answer_brought(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    brought_ends_ = outcome;
  }

  [[nodiscard]] std::vector<RecordedLog> logs() const {
    const std::lock_guard lock(mutex_);
    return logs_;
  }

 private:
  static FakeHost& self(void* context) noexcept { return *static_cast<FakeHost*>(context); }
  static FakeExchange& fake(certspan_http_exchange* exchange) noexcept {
    return *reinterpret_cast<FakeExchange*>(exchange);
  }

  static const void* service(void* context, const char* id) noexcept {
    const FakeHost& host = self(context);
    if (host.withhold_all_ || host.withheld_.contains(id)) return nullptr;
    static const std::map<std::string, const void*> kTables = {
        {CERTSPAN_SERVICE_LOG, &kLog},         {CERTSPAN_SERVICE_CLOCK, &kClock},
        {CERTSPAN_SERVICE_SECRETS, &kSecrets}, {CERTSPAN_SERVICE_STORE, &kStore},
        {CERTSPAN_SERVICE_ISSUERS, &kIssuers}, {CERTSPAN_SERVICE_HTTP_IN, &kHttpIn},
        {CERTSPAN_SERVICE_SUBMIT, &kSubmit},   {CERTSPAN_SERVICE_HTTP_OUT, &kHttpOut},
    };
    const auto found = kTables.find(id);
    return found == kTables.end() ? nullptr : found->second;
  }

  static std::int32_t log_enabled(void* /*context*/, std::int32_t /*level*/) noexcept { return 1; }
  static void log_write(void* context, std::int32_t level, certspan_string_view event,
                        const certspan_label* fields, std::uint64_t count) noexcept {
    const std::lock_guard lock(self(context).mutex_);
    self(context).logs_.push_back({level, std::string(from_abi(event)), copy_of(fields, count)});
  }

  static std::uint64_t monotonic_ns(void* context) noexcept {
    const std::int64_t frozen = self(context).frozen_ns_;
    const std::int64_t now =
        frozen != 0 ? frozen : std::chrono::steady_clock::now().time_since_epoch().count();
    return static_cast<std::uint64_t>(now + self(context).advanced_ns_);
  }
  static std::int64_t wall_ms(void* context) noexcept { return self(context).wall_ms_; }

  static certspan_outcome open_secret(void* context, certspan_string_view token,
                                      const certspan_bytes_sink* sink) noexcept {
    const auto found = self(context).secrets.find(std::string(from_abi(token)));
    if (found == self(context).secrets.end()) return CERTSPAN_REJECTED;
    sink->put(sink->context, to_abi(bytes_of(found->second)));
    return CERTSPAN_OK;
  }

  static certspan_outcome store_get(void* context, certspan_bytes_view key,
                                    const certspan_store_sink* sink) noexcept {
    return self(context).store.get(key, sink);
  }
  static certspan_outcome store_scan(void* context, certspan_bytes_view prefix, certspan_bytes_view after,
                                     std::uint64_t limit, const certspan_store_sink* sink) noexcept {
    return self(context).store.scan(prefix, after, limit, sink);
  }
  static certspan_outcome store_commit(void* context, const certspan_store_write* writes,
                                       std::uint64_t count) noexcept {
    return self(context).store.commit(writes, count);
  }

  static certspan_outcome issuer_chains(void* context, certspan_string_view /*pipeline*/,
                                        const certspan_chain_sink* sink) noexcept {
    if (self(context).issuers_outcome != Outcome::Ok) return to_abi(self(context).issuers_outcome);
    for (const auto& [issuer, certificate] : self(context).chains) {
      sink->add(sink->context, to_abi(issuer), to_abi(certificate));
    }
    return CERTSPAN_OK;
  }
  static certspan_outcome find(void* context, certspan_string_view /*pipeline*/,
                               const certspan_find_request* request,
                               const certspan_find_sink* sink) noexcept {
    if (self(context).issuers_outcome != Outcome::Ok) return to_abi(self(context).issuers_outcome);
    const auto& known = self(context).certificates;
    const auto found = known.find(std::string(text_of(from_abi(request->serial))));
    if (found == known.end()) return CERTSPAN_REJECTED;
    sink->found(sink->context, to_abi(found->second.first), found->second.second);
    return CERTSPAN_OK;
  }
  static certspan_outcome crl(void* context, certspan_string_view /*pipeline*/,
                              const certspan_crl_request* request, const certspan_bytes_sink* sink) noexcept {
    if (self(context).issuers_outcome != Outcome::Ok) return to_abi(self(context).issuers_outcome);
    const auto& known = self(context).crls;
    const auto found = known.find(std::string(text_of(from_abi(request->issuer))));
    if (found == known.end()) return CERTSPAN_REJECTED;
    sink->put(sink->context, to_abi(found->second));
    return CERTSPAN_OK;
  }
  static certspan_outcome status(void* context, certspan_string_view /*issuer*/,
                                 const certspan_status_request* request,
                                 const certspan_bytes_sink* sink) noexcept {
    if (self(context).issuers_outcome != Outcome::Ok) return to_abi(self(context).issuers_outcome);
    const auto& known = self(context).statuses;
    const auto found = known.find(std::string(text_of(from_abi(request->cert_id))));
    if (found == known.end()) return CERTSPAN_REJECTED;
    sink->put(sink->context, to_abi(found->second));
    return CERTSPAN_OK;
  }
  static certspan_outcome next_ca(void* context, certspan_string_view /*pipeline*/,
                                  const certspan_bytes_sink* sink) noexcept {
    const FakeHost& host = self(context);
    if (host.issuers_outcome != Outcome::Ok) return to_abi(host.issuers_outcome);
    if (host.next_ca_message.empty()) return to_abi(host.next_ca_outcome);
    sink->put(sink->context, to_abi(host.next_ca_message));
    return CERTSPAN_OK;
  }

  static certspan_outcome add_route(void* context, const certspan_http_route* route) noexcept {
    FakeHost& host = self(context);
    const std::string listener(from_abi(route->listener));
    const std::string path(from_abi(route->path));
    if (!host.granted_routes.empty() && !host.granted_routes.contains({listener, path})) {
      return CERTSPAN_REJECTED;
    }
    host.routes.push_back({listener, path, route->max_body, route->flags});
    return CERTSPAN_OK;
  }
  static void respond(void* /*context*/, certspan_http_exchange* exchange,
                      const certspan_http_response* response) noexcept {
    ++fake(exchange).endings;
    fake(exchange).response = {response->status, response->retry_after_s,
                               std::string(from_abi(response->content_type)), copy_of(response->body),
                               copy_of(response->fields, response->field_count)};
  }

  static certspan_outcome http_send(void* context, const certspan_http_out_request* request,
                                    const certspan_http_out_sink* sink) noexcept {
    return self(context).http_out.send(request, sink);
  }
  static certspan_outcome http_answered_by_ca(void* context, std::uint64_t exchange) noexcept {
    return self(context).http_out.answered_by_ca(exchange);
  }

  static void submit(void* /*context*/, certspan_http_exchange* exchange,
                     const certspan_submission* submission, certspan_bytes_view reply_context) noexcept {
    ++fake(exchange).endings;
    fake(exchange).submitted = {copy_of(submission->key),
                                copy_of(submission->poll_key),
                                std::string(from_abi(submission->message)),
                                std::string(from_abi(submission->transaction_id)),
                                copy_of(submission->request),
                                copy_of(submission->signer),
                                copy_of(submission->labels, submission->label_count),
                                copy_of(reply_context)};
  }
  static void poll(void* /*context*/, certspan_http_exchange* exchange, certspan_bytes_view poll_key,
                   certspan_string_view transaction_id, certspan_bytes_view reply_context) noexcept {
    ++fake(exchange).endings;
    fake(exchange).polled = {copy_of(poll_key), std::string(from_abi(transaction_id)),
                             copy_of(reply_context)};
  }

  static certspan_outcome bring(void* context, const certspan_submission* submission) noexcept {
    FakeHost& host = self(context);
    const std::lock_guard lock(host.mutex_);
    if (host.brought_ends_ != Outcome::Ok) return to_abi(host.brought_ends_);
    host.brought_.push_back({copy_of(submission->key),
                             copy_of(submission->poll_key),
                             std::string(from_abi(submission->message)),
                             std::string(from_abi(submission->transaction_id)),
                             copy_of(submission->request),
                             copy_of(submission->signer),
                             copy_of(submission->labels, submission->label_count),
                             {}});
    return CERTSPAN_OK;
  }

  static constexpr certspan_service_log kLog = {sizeof(certspan_service_log), 0, &log_enabled, &log_write};
  static constexpr certspan_service_clock kClock = {sizeof(certspan_service_clock), 0, &monotonic_ns,
                                                    &wall_ms};
  static constexpr certspan_service_secrets kSecrets = {sizeof(certspan_service_secrets), 0, &open_secret};
  static constexpr certspan_service_store kStore = {sizeof(certspan_service_store), 0, &store_get,
                                                    &store_scan, &store_commit};
  static constexpr certspan_service_issuers kIssuers = {
      sizeof(certspan_service_issuers), 0, &issuer_chains, &find, &crl, &next_ca, &status};
  static constexpr certspan_service_http_in kHttpIn = {sizeof(certspan_service_http_in), 0, &add_route,
                                                       &respond};
  static constexpr certspan_service_http_out kHttpOut = {sizeof(certspan_service_http_out), 0, &http_send,
                                                         &http_answered_by_ca};
  static constexpr certspan_service_submit kSubmit = {sizeof(certspan_service_submit), 0, &submit, &poll,
                                                      &bring};

  mutable std::mutex mutex_;
  std::vector<RecordedLog> logs_;
  std::vector<FakeExchange::Submitted> brought_;
  Outcome brought_ends_ = Outcome::Ok;
  std::set<std::string> withheld_;
  bool withhold_all_ = false;
  std::atomic<std::int64_t> frozen_ns_ = 0;  // 0: it goes on
  std::atomic<std::int64_t> advanced_ns_ = 0;
  std::atomic<std::int64_t> wall_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(
                                           std::chrono::system_clock::now().time_since_epoch())
                                           .count();
  certspan_host host_ = {
      sizeof(certspan_host), CERTSPAN_ABI_MAJOR, CERTSPAN_ABI_MINOR, CERTSPAN_ABI_BUILD, 0, this, &service};
};

}  // namespace certspan::sdk::testing
