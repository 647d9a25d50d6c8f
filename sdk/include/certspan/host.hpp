// What a connector may ask of its host. Services are looked up once; each says what happens on a host without
// it.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include <certspan/abi/plugin.h>
#include <certspan/abi/service_http_in.h>
#include <certspan/abi/service_http_out.h>
#include <certspan/abi/service_store.h>
#include <certspan/abi/service_submit.h>
#include <certspan/abi/services.h>
#include <certspan/detail/callback.hpp>
#include <certspan/http_out.hpp>
#include <certspan/secret_buffer.hpp>
#include <certspan/store.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk {

enum class LogLevel : std::int32_t {
  Debug = CERTSPAN_LOG_DEBUG,
  Info = CERTSPAN_LOG_INFO,
  Warn = CERTSPAN_LOG_WARN,
  Error = CERTSPAN_LOG_ERROR,
};

/// One value of a log record. Borrows text for the call and holds the digits of a number.
class LogField {
 public:
  LogField(std::string_view name, std::string_view value) noexcept : name_(name), text_(value) {}
  LogField(std::string_view name, const char* value) noexcept : LogField(name, std::string_view(value)) {}
  template <std::integral Number>
  LogField(std::string_view name, Number value) noexcept : name_(name) {
    const std::to_chars_result written = std::to_chars(digits_.begin(), digits_.end(), value);
    // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): needs the digits first
    digit_count_ = static_cast<std::size_t>(written.ptr - digits_.begin());
  }

  [[nodiscard]] certspan_label view() const noexcept {
    const std::string_view value = digit_count_ > 0 ? std::string_view(digits_.data(), digit_count_) : text_;
    return {to_abi(name_), to_abi(value)};
  }

 private:
  std::string_view name_;
  std::string_view text_;
  std::array<char, 24> digits_ = {};
  std::size_t digit_count_ = 0;
};

/// Which CRL is wanted; empty members fit every key of the CA. Both empty: that of the key that issues now.
struct CrlRequest {
  Bytes issuer = {};             ///< DER Name
  Bytes authority_key_id = {};   ///< as it stands in the certificates
  bool delta = false;            ///< what changed since the last whole one
  std::uint32_t partition = 0;   ///< which of `partitions`
  std::uint32_t partitions = 0;  ///< 0: the CRL of all certificates
};

namespace detail {

[[nodiscard]] inline certspan_crl_request wire_of(const CrlRequest& wanted) noexcept {
  return {.struct_size = sizeof(certspan_crl_request),
          .flags = wanted.delta ? CERTSPAN_CRL_DELTA : 0U,
          .issuer = to_abi(wanted.issuer),
          .authority_key_id = to_abi(wanted.authority_key_id),
          .partition = wanted.partition,
          .partitions = wanted.partitions};
}

[[nodiscard]] inline CrlRequest read_wire(const certspan_crl_request& request) noexcept {
  const bool parted = CERTSPAN_HAS(&request, certspan_crl_request, partitions);
  return {.issuer = from_abi(request.issuer),
          .authority_key_id = from_abi(request.authority_key_id),
          .delta = (request.flags & CERTSPAN_CRL_DELTA) != 0,
          .partition = parted ? request.partition : 0,
          .partitions = parted ? request.partitions : 0};
}

}  // namespace detail

/// What `Host::find` found: the certificate, and whether its CA has revoked it.
struct FoundCertificate {
  ByteBuffer certificate;
  bool revoked = false;
};

/// The host as one connector sees it. Cheap to copy; valid until the connector is destroyed. Any thread,
/// except where a function says otherwise.
class Host {
 public:
  explicit Host(const certspan_host* host) noexcept
      : context_(host->context),
        log_(service<certspan_service_log>(host, CERTSPAN_SERVICE_LOG)),
        clock_(service<certspan_service_clock>(host, CERTSPAN_SERVICE_CLOCK)),
        secrets_(service<certspan_service_secrets>(host, CERTSPAN_SERVICE_SECRETS)),
        store_(service<certspan_service_store>(host, CERTSPAN_SERVICE_STORE)),
        issuers_(service<certspan_service_issuers>(host, CERTSPAN_SERVICE_ISSUERS)),
        http_in_(service<certspan_service_http_in>(host, CERTSPAN_SERVICE_HTTP_IN)),
        http_out_(service<certspan_service_http_out>(host, CERTSPAN_SERVICE_HTTP_OUT)),
        submit_(service<certspan_service_submit>(host, CERTSPAN_SERVICE_SUBMIT)) {}

  /// Writes a log record: `event` is a short stable phrase, what differs stands in up to 16 fields (later
  /// ones are dropped). Never a secret. Without the service: nothing happens.
  void log(LogLevel level, std::string_view event,
           std::initializer_list<LogField> fields = {}) const noexcept {
    if (!log_enabled(level)) return;
    std::array<certspan_label, 16> views = {};
    std::size_t count = 0;
    for (const LogField& field : fields) {
      if (count < views.size()) views[count++] = field.view();
    }
    log_->write(context_, static_cast<std::int32_t>(level), to_abi(event), views.data(), count);
  }
  [[nodiscard]] bool log_enabled(LogLevel level) const noexcept {
    return log_ != nullptr && log_->enabled(context_, static_cast<std::int32_t>(level)) != 0;
  }

  /// For deadlines. Without the service: the clock of the process.
  [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept {
    if (clock_ == nullptr) return std::chrono::steady_clock::now();
    const auto nanoseconds = static_cast<std::int64_t>(clock_->monotonic_ns(context_));
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(nanoseconds));
  }
  /// For validity and for people, to the millisecond. Without the service: the clock of the process.
  [[nodiscard]] std::chrono::system_clock::time_point wall_now() const noexcept {
    if (clock_ == nullptr) return std::chrono::system_clock::now();
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(clock_->wall_ms(context_)));
  }

  /// Opens the token that stands in a setting marked x-certspan-secret. Nothing: it is not a token of this
  /// connector, or the host has no secrets.
  [[nodiscard]] std::optional<SecretBuffer> open_secret(std::string_view token) const {
    if (secrets_ == nullptr) return std::nullopt;
    std::optional<SecretBuffer> secret;
    auto keep = [&secret](certspan_bytes_view value) { secret.emplace(from_abi(value)); };
    detail::Callback<decltype(keep)> callback(keep);
    const certspan_bytes_sink sink = {sizeof(certspan_bytes_sink), 0, &callback,
                                      [](void* context, certspan_bytes_view value) noexcept {
                                        static_cast<detail::Callback<decltype(keep)>*>(context)->call(value);
                                      }};
    const certspan_outcome outcome = secrets_->open(context_, to_abi(token), &sink);
    callback.rethrow();
    return outcome == CERTSPAN_OK ? std::move(secret) : std::nullopt;
  }

  [[nodiscard]] Store store() const noexcept { return {store_, context_}; }
  /// HTTP to the outside.
  [[nodiscard]] HttpOut http_out() const noexcept { return {http_out_, context_}; }

  /// Calls `visit(std::string_view issuer, Bytes certificate)` for the chains of a pipeline's issuers ("": of
  /// every pipeline of this source), each issuing CA first. Cheap. Without the service: Unsupported.
  template <class Visit>
  [[nodiscard]] Outcome issuer_chains(std::string_view pipeline, Visit&& visit) const {
    if (issuers_ == nullptr) return Outcome::Unsupported;
    using Visitor = detail::Callback<std::remove_reference_t<Visit>>;
    Visitor callback(visit);
    const certspan_chain_sink sink = {
        sizeof(certspan_chain_sink), 0, &callback,
        [](void* context, certspan_string_view issuer, certspan_bytes_view certificate) noexcept {
          static_cast<Visitor*>(context)->call(from_abi(issuer), from_abi(certificate));
        }};
    const Outcome outcome = outcome_from_abi(issuers_->chain(context_, to_abi(pipeline), &sink));
    callback.rethrow();
    return outcome;
  }

  /// Asks a pipeline's issuers for a certificate by its issuer's DER Name and its unsigned big-endian serial
  /// number. May block: on worker threads only. Ok, Rejected (none has it), Unavailable. Without the service:
  /// Unsupported.
  [[nodiscard]] Outcome find(std::string_view pipeline, Bytes issuer, Bytes serial,
                             FoundCertificate& found) const {
    if (issuers_ == nullptr) return Outcome::Unsupported;
    const certspan_find_request request = {sizeof(certspan_find_request), 0, to_abi(issuer), to_abi(serial)};
    auto keep = [&found](Bytes certificate, std::uint32_t state) {
      found.certificate.assign(certificate.begin(), certificate.end());
      // Fail closed: a state that this SDK does not know is not "good".
      found.revoked = state != CERTSPAN_CERTIFICATE_GOOD;
    };
    detail::Callback<decltype(keep)> callback(keep);
    const certspan_find_sink sink = {
        sizeof(certspan_find_sink), 0, &callback,
        [](void* context, certspan_bytes_view certificate, std::uint32_t state) noexcept {
          static_cast<detail::Callback<decltype(keep)>*>(context)->call(from_abi(certificate), state);
        }};
    const certspan_outcome outcome = issuers_->find(context_, to_abi(pipeline), &request, &sink);
    callback.rethrow();
    return outcome_from_abi(outcome);
  }

  /// Asks a pipeline's issuers for a CRL, DER. May block: on worker threads only. Ok, Rejected (none of them
  /// has such a one), Unavailable. Without the service: Unsupported.
  [[nodiscard]] Outcome crl(std::string_view pipeline, const CrlRequest& wanted, ByteBuffer& crl) const {
    if (issuers_ == nullptr) return Outcome::Unsupported;
    const certspan_crl_request request = detail::wire_of(wanted);
    return one_value(crl, [&](const certspan_bytes_sink& sink) {
      return issuers_->crl(context_, to_abi(pipeline), &request, &sink);
    });
  }

  /// Asks a pipeline's issuers for the CA that will take their place, as a signed message (RFC 8894 4.7.1).
  /// May block: on worker threads only. Ok, Rejected (none is prepared), Unsupported (none of them tells, or
  /// there is no such service), Unavailable.
  [[nodiscard]] Outcome next_ca(std::string_view pipeline, ByteBuffer& message) const {
    if (issuers_ == nullptr) return Outcome::Unsupported;
    return one_value(message, [&](const certspan_bytes_sink& sink) {
      return issuers_->next_ca(context_, to_abi(pipeline), &sink);
    });
  }

  /// Asks the connector `issuer` how the certificate with this CertID (RFC 6960 4.1.1, DER) stands now: its
  /// CertStatus (4.2.1), DER. May block: on worker threads only. Ok, Rejected (it is of no CA of that issuer,
  /// or there is no such issuer that tells), Unavailable. Without the service: Unsupported.
  [[nodiscard]] Outcome certificate_status(std::string_view issuer, Bytes cert_id, ByteBuffer& status) const {
    if (issuers_ == nullptr) return Outcome::Unsupported;
    const certspan_status_request request = {sizeof(certspan_status_request), 0, to_abi(cert_id)};
    return one_value(status, [&](const certspan_bytes_sink& sink) {
      return issuers_->certificate_status(context_, to_abi(issuer), &request, &sink);
    });
  }

  /// Takes `path` and everything below it on a listener; only within `open_intake`. Rejected: the YAML does
  /// not grant it, or it is another connector's. Without the service: Unsupported.
  [[nodiscard]] Outcome add_route(std::string_view listener, std::string_view path, std::uint64_t max_body,
                                  std::uint32_t flags = 0) const noexcept {
    if (http_in_ == nullptr) return Outcome::Unsupported;
    const certspan_http_route route = {sizeof(certspan_http_route), flags, to_abi(listener), to_abi(path),
                                       max_body};
    return outcome_from_abi(http_in_->add_route(context_, &route));
  }

  /// For the SDK's own Exchange.
  [[nodiscard]] const certspan_service_http_in* http_in() const noexcept { return http_in_; }
  [[nodiscard]] const certspan_service_submit* submit() const noexcept { return submit_; }
  [[nodiscard]] void* context() const noexcept { return context_; }

 private:
  template <class Ask>
  static Outcome one_value(ByteBuffer& value, const Ask& ask) {
    auto keep = [&value](Bytes bytes) { value.assign(bytes.begin(), bytes.end()); };
    detail::Callback<decltype(keep)> callback(keep);
    const certspan_bytes_sink sink = {
        sizeof(certspan_bytes_sink), 0, &callback, [](void* context, certspan_bytes_view bytes) noexcept {
          static_cast<detail::Callback<decltype(keep)>*>(context)->call(from_abi(bytes));
        }};
    const certspan_outcome outcome = ask(sink);
    callback.rethrow();
    return outcome_from_abi(outcome);
  }

  template <class Table>
  static const Table* service(const certspan_host* host, const char* id) noexcept {
    return static_cast<const Table*>(host->service(host->context, id));
  }

  void* context_;
  const certspan_service_log* log_;
  const certspan_service_clock* clock_;
  const certspan_service_secrets* secrets_;
  const certspan_service_store* store_;
  const certspan_service_issuers* issuers_;
  const certspan_service_http_in* http_in_;
  const certspan_service_http_out* http_out_;
  const certspan_service_submit* submit_;
};

}  // namespace certspan::sdk
