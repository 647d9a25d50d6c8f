// HTTP to the outside, by the host: one TLS policy, one proxy, and the certainty whether a byte left.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/abi/service_http_out.h>
#include <certspan/answer.hpp>
#include <certspan/detail/callback.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk {

/// A header field. The wire carries `value` and right after it the secret behind `token`.
struct HttpOutField {
  std::string_view name;
  std::string_view value = {};
  std::string_view token = {};
};

/// PEM. Empty `trust`: the CAs of the machine. A client certificate has its key beside it, or the token of
/// one.
struct HttpOutTls {
  Bytes trust = {};
  Bytes certificate = {};
  Bytes key = {};
  std::string_view key_token = {};
};

/// Views are borrowed until `send` returns.
struct HttpOutRequest {
  std::string_view method = "GET";
  std::string_view url = {};
  std::vector<HttpOutField> fields = {};
  Bytes body = {};
  std::chrono::steady_clock::time_point deadline = {};  ///< none: that of the call under way
  std::uint64_t max_answer = 0;                         ///< bytes of the answer's body; 0: 1 MiB
  /// This request can't do what the item asks for: a nonce, a token, a directory, a look-up.
  bool asks_only = false;
  const HttpOutTls* tls = nullptr;
};

/// How an exchange ended.
enum class HttpOutEnd : std::uint8_t {
  Answered,  ///< a whole answer came, whatever its status
  NotSent,   ///< certainly not a byte of the request left
  Lost,      ///< a byte left, and no whole answer came
};

/// What came of one request. Owns everything.
struct HttpOutReply {
  HttpOutEnd end = HttpOutEnd::Lost;
  std::uint32_t status = 0;    ///< Answered
  std::uint32_t failure = 0;   ///< otherwise CERTSPAN_HTTP_OUT_...; 0 if the host did not say
  std::uint64_t exchange = 0;  ///< Answered
  std::vector<Label> fields;   ///< Answered; names in lower case
  ByteBuffer body;             ///< Answered
  std::string message;         ///< otherwise: why, for people

  [[nodiscard]] bool answered() const noexcept { return end == HttpOutEnd::Answered; }
  /// The first field of that name (in lower case), "" if there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept {
    for (const Label& one : fields) {
      if (one.name == name) return one.value;
    }
    return {};
  }
  /// For an order that was not answered: `unavailable` if nothing left, else `unknown`.
  [[nodiscard]] Answer to_answer(std::string_view code) const {
    return end == HttpOutEnd::NotSent ? Answer::unavailable(code, message) : Answer::unknown(code, message);
  }
};

/// The service. Cheap to copy; any thread. On a host without it every request is NotSent.
///
/// After an order went out, an `unavailable` or `throttled` of `issue` counts only if `answered_by_ca` was
/// called for it: the host makes `unknown` of it otherwise, for an order that left may have been carried out.
class HttpOut {
 public:
  HttpOut(const certspan_service_http_out* table, void* context) noexcept
      : table_(table), context_(context) {}

  /// One request and its answer. Blocks until then, at most until the deadline. Redirects are answers.
  [[nodiscard]] HttpOutReply send(const HttpOutRequest& request) const {
    HttpOutReply reply;
    if (table_ == nullptr) {
      reply.end = HttpOutEnd::NotSent;
      reply.message = "this host speaks no HTTP for plugins";
      return reply;
    }
    auto keep = [&reply](const certspan_http_out_result& result) { copy(result, reply); };
    using Keep = detail::Callback<decltype(keep)>;
    Keep callback(keep);
    certspan_http_out_sink sink = {sizeof(certspan_http_out_sink), 0, &callback, nullptr};
    sink.result = [](void* context, const certspan_http_out_result* result) noexcept {
      static_cast<Keep*>(context)->call(*result);
    };
    const certspan_outcome outcome = call(request, sink);
    callback.rethrow();
    reply.end = end_of(outcome);
    return reply;
  }

  /// The CA itself wrote this answer, as its format shows; not for a bare 502, 503 or 504, which a proxy may
  /// have written. On the thread of the call. False: the host knows no such exchange of this call.
  bool answered_by_ca(const HttpOutReply& reply) const noexcept {
    return table_ != nullptr && table_->answered_by_ca(context_, reply.exchange) == CERTSPAN_OK;
  }

 private:
  static HttpOutEnd end_of(certspan_outcome outcome) noexcept {
    switch (outcome) {
      case CERTSPAN_OK:
        return HttpOutEnd::Answered;
      case CERTSPAN_UNAVAILABLE:
      case CERTSPAN_INVALID:
        return HttpOutEnd::NotSent;
      default:
        return HttpOutEnd::Lost;
    }
  }

  certspan_outcome call(const HttpOutRequest& request, const certspan_http_out_sink& sink) const {
    std::vector<certspan_http_out_field> fields;
    fields.reserve(request.fields.size());
    for (const HttpOutField& field : request.fields) {
      fields.push_back({to_abi(field.name), to_abi(field.value), to_abi(field.token)});
    }
    certspan_http_out_tls tls = {};
    if (request.tls != nullptr) {
      tls = {sizeof(tls),
             0,
             to_abi(request.tls->trust),
             to_abi(request.tls->certificate),
             to_abi(request.tls->key),
             to_abi(request.tls->key_token)};
    }
    const std::chrono::nanoseconds deadline = request.deadline.time_since_epoch();
    const certspan_http_out_request c_request = {
        .struct_size = sizeof(certspan_http_out_request),
        .flags = request.asks_only ? CERTSPAN_HTTP_OUT_ASKS_ONLY : 0,
        .deadline_ns = static_cast<std::uint64_t>(deadline.count()),
        .max_answer = request.max_answer,
        .method = to_abi(request.method),
        .url = to_abi(request.url),
        .fields = fields.data(),
        .field_count = fields.size(),
        .body = to_abi(request.body),
        .tls = request.tls == nullptr ? nullptr : &tls,
    };
    return table_->send(context_, &c_request, &sink);
  }

  static void copy(const certspan_http_out_result& result, HttpOutReply& reply) {
    reply.status = result.status;
    reply.failure = result.failure;
    reply.exchange = result.exchange;
    for (std::uint64_t i = 0; i < result.field_count; ++i) {
      reply.fields.push_back(
          {std::string(from_abi(result.fields[i].name)), std::string(from_abi(result.fields[i].value))});
    }
    const Bytes body = from_abi(result.body);
    reply.body.assign(body.begin(), body.end());
    reply.message = from_abi(result.message);
  }

  const certspan_service_http_out* table_;
  void* context_;
};

}  // namespace certspan::sdk
