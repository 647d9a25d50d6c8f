// What a source sees of HTTP: requests, responses, and the exchange that must be answered or handed over
// once.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string_view>
#include <vector>

#include <certspan/abi/role_source.h>
#include <certspan/abi/service_http_in.h>
#include <certspan/abi/service_submit.h>
#include <certspan/host.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk {

/// A cheap view of one request, valid until `Source::handle` returns. Path and query stand as on the wire,
/// still percent-encoded.
class HttpRequest {
 public:
  explicit HttpRequest(const certspan_http_request& request) noexcept : request_(&request) {}

  [[nodiscard]] std::string_view method() const noexcept { return from_abi(request_->method); }
  [[nodiscard]] std::string_view path() const noexcept { return from_abi(request_->path); }
  /// Without the '?'.
  [[nodiscard]] std::string_view query() const noexcept { return from_abi(request_->query); }
  [[nodiscard]] std::string_view content_type() const noexcept { return from_abi(request_->content_type); }
  [[nodiscard]] std::string_view remote_address() const noexcept {
    return from_abi(request_->remote_address);
  }
  [[nodiscard]] Bytes body() const noexcept { return from_abi(request_->body); }
  /// On routes with CERTSPAN_ROUTE_AUTHORIZATION; a secret. "" if there was none.
  [[nodiscard]] std::string_view authorization() const noexcept {
    return CERTSPAN_HAS(request_, certspan_http_request, authorization.size)
               ? from_abi(request_->authorization)
               : std::string_view();
  }
  [[nodiscard]] bool is_tls() const noexcept { return (request_->flags & CERTSPAN_HTTP_TLS) != 0; }

 private:
  const certspan_http_request* request_;
};

/// Views are borrowed until `respond` returns.
struct HttpResponse {
  std::uint32_t status = 200;
  std::string_view content_type = {};
  Bytes body = {};
  std::uint32_t retry_after_s = 0;     ///< 0: no Retry-After
  std::span<const Label> fields = {};  ///< further ones, as service_http_in.h allows
};

/// Work for the host. Views are borrowed until `submit` or `bring` returns.
struct Submission {
  Bytes key = {};       ///< 32 bytes: the same for every repeat of this request
  Bytes poll_key = {};  ///< 32 bytes that a later poll finds it by; empty if the protocol has no polling
  bool renewal = false;
  std::string_view transaction_id = {};
  Bytes request = {};                  ///< PKCS #10, DER
  Bytes signer = {};                   ///< renewal: certificate, DER
  std::span<const Label> labels = {};  ///< `when:` of a pipeline matches on them
};

namespace detail {

/// As it crosses; `labels` are those of `submission`.
[[nodiscard]] inline certspan_submission wire_of(const Submission& submission, std::string_view message,
                                                 std::span<const certspan_label> labels) noexcept {
  return {
      .struct_size = sizeof(certspan_submission),
      .reserved = 0,
      .key = to_abi(submission.key),
      .poll_key = to_abi(submission.poll_key),
      .message = to_abi(message),
      .transaction_id = to_abi(submission.transaction_id),
      .request = to_abi(submission.request),
      .signer = to_abi(submission.signer),
      .labels = labels.data(),
      .label_count = labels.size(),
  };
}

}  // namespace detail

/// Brings work that nobody waits for, within `Source::gather`; `message` is what kind it is: "revocation".
/// Ok: it is durable, or was before. Rejected: no pipeline takes it. Unavailable: bring it again later.
[[nodiscard]] inline Outcome bring(const Host& host, std::string_view message, const Submission& submission) {
  if (host.submit() == nullptr) return Outcome::Unsupported;
  const std::vector<certspan_label> labels = to_abi(submission.labels);
  const certspan_submission wire = detail::wire_of(submission, message, labels);
  return outcome_from_abi(host.submit()->bring(host.context(), &wire));
}

/// One HTTP request that waits for its response. Exactly one of `respond`, `submit` and `poll` ends it; calls
/// after the first do nothing. One that is left untouched is answered 500 by the SDK. Calling thread only,
/// never kept.
class Exchange {
 public:
  Exchange(const Host& host, certspan_http_exchange* exchange) noexcept : host_(host), exchange_(exchange) {}

  void respond(const HttpResponse& response) noexcept {
    certspan_http_exchange* exchange = take();
    if (exchange == nullptr || host_.http_in() == nullptr) return;
    std::array<certspan_label, CERTSPAN_HTTP_MOST_FIELDS> fields = {};
    const std::size_t field_count = std::min(fields.size(), response.fields.size());
    for (std::size_t i = 0; i < field_count; ++i) {
      fields[i] = {to_abi(std::string_view(response.fields[i].name)),
                   to_abi(std::string_view(response.fields[i].value))};
    }
    const certspan_http_response wire = {
        .struct_size = sizeof(certspan_http_response),
        .status = response.status,
        .retry_after_s = response.retry_after_s,
        .reserved = 0,
        .content_type = to_abi(response.content_type),
        .body = to_abi(response.body),
        .fields = fields.data(),
        .field_count = field_count,
    };
    host_.http_in()->respond(host_.context(), exchange, &wire);
  }

  /// Hands the request over as work. The host later calls `reply` with `context` (up to 64 KiB, kept in
  /// memory only), or answers "try later" itself. On a host without the service: 503.
  void submit(const Submission& submission, Bytes context) {
    if (host_.submit() == nullptr) return respond({.status = 503});
    const std::vector<certspan_label> labels = to_abi(submission.labels);
    certspan_http_exchange* exchange = take();
    if (exchange == nullptr) return;
    const certspan_submission wire =
        detail::wire_of(submission, submission.renewal ? "renewal" : "enrolment", labels);
    host_.submit()->submit(host_.context(), exchange, &wire, to_abi(context));
  }

  /// Asks how the item with this poll key stands; the host later calls `reply` with `context`. An unknown one
  /// is answered Rejected with code "submit.not_found". On a host without the service: 503.
  void poll(Bytes poll_key, std::string_view transaction_id, Bytes context) noexcept {
    if (host_.submit() == nullptr) return respond({.status = 503});
    certspan_http_exchange* exchange = take();
    if (exchange == nullptr) return;
    host_.submit()->poll(host_.context(), exchange, to_abi(poll_key), to_abi(transaction_id),
                         to_abi(context));
  }

  [[nodiscard]] bool done() const noexcept { return exchange_ == nullptr; }

 private:
  certspan_http_exchange* take() noexcept { return std::exchange(exchange_, nullptr); }

  const Host& host_;
  certspan_http_exchange* exchange_;
};

/// How an item stands when its client is to be told. Valid until `Source::reply` returns.
class Reply {
 public:
  explicit Reply(const certspan_reply& reply) noexcept : reply_(&reply) {}

  /// Ok, Pending, Rejected, Invalid, Unsupported or Cancelled.
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_from_abi(reply_->outcome); }
  /// Work id: the reference that a device is told.
  [[nodiscard]] std::string_view id() const noexcept { return from_abi(reply_->id); }
  [[nodiscard]] std::string_view transaction_id() const noexcept { return from_abi(reply_->transaction_id); }
  /// Code of the answer that ended the item.
  [[nodiscard]] std::string_view code() const noexcept { return from_abi(reply_->code); }
  /// Ok: DER.
  [[nodiscard]] Bytes certificate() const noexcept { return from_abi(reply_->certificate); }
  /// Ok: the issuing CA first.
  [[nodiscard]] std::vector<Bytes> chain() const {
    std::vector<Bytes> certificates;
    certificates.reserve(reply_->chain_count);
    for (std::uint64_t i = 0; i < reply_->chain_count; ++i)
      certificates.push_back(from_abi(reply_->chain[i]));
    return certificates;
  }

 private:
  const certspan_reply* reply_;
};

}  // namespace certspan::sdk
