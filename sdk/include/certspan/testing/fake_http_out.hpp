// The outside world behind the contract's table for HTTP, with every way in which it can fail. For tests of
// plugins.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <certspan/abi/service_http_out.h>
#include <certspan/testing/recorders.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk::testing {

/// A request as the plugin made it. Tokens are kept as tokens: a plugin under test has no real secrets.
struct RecordedHttpOut {
  struct Field {
    std::string name;
    std::string value;
    std::string token;
  };
  std::string method;
  std::string url;
  std::vector<Field> fields;
  ByteBuffer body;
  bool asks_only = false;
  bool client_certificate = false;
};

/// What the world does with one request.
struct HttpOutScript {
  certspan_outcome end = CERTSPAN_OK;
  std::uint32_t status = 200;
  std::vector<Label> fields;
  std::string body;
  std::uint32_t failure = 0;
  std::string message;

  [[nodiscard]] static HttpOutScript answer(std::uint32_t status, std::string body = {},
                                            std::vector<Label> fields = {}) {
    return {CERTSPAN_OK, status, std::move(fields), std::move(body), 0, {}};
  }
  /// Nothing of the request left.
  [[nodiscard]] static HttpOutScript refused() {
    return {CERTSPAN_UNAVAILABLE, 0, {}, {}, CERTSPAN_HTTP_OUT_NO_CONNECTION, "connection refused"};
  }
  /// The request left, and the connection broke.
  [[nodiscard]] static HttpOutScript broken() {
    return {CERTSPAN_UNKNOWN, 0, {}, {}, CERTSPAN_HTTP_OUT_BROKEN, "the connection broke"};
  }
  /// The request left, and no answer came in time.
  [[nodiscard]] static HttpOutScript silent() {
    return {CERTSPAN_UNKNOWN, 0, {}, {}, CERTSPAN_HTTP_OUT_NO_TIME, "no answer in time"};
  }
};

/// Answers requests by `world`, keeps them, and keeps book of open exchanges as a host does. Any thread; set
/// `world` before the connector uses it.
class FakeHttpOut {
 public:
  std::function<HttpOutScript(const RecordedHttpOut&)> world = [](const RecordedHttpOut&) {
    return HttpOutScript::refused();
  };

  [[nodiscard]] std::vector<RecordedHttpOut> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// True: a host would make `unknown` of an issuer's `unavailable` or `throttled` now.
  [[nodiscard]] bool may_have_been_done() const {
    const std::lock_guard lock(mutex_);
    return !open_.empty();
  }
  /// The next call into the connector begins.
  void forget() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
    open_.clear();
  }

  certspan_outcome send(const certspan_http_out_request* request, const certspan_http_out_sink* sink) {
    RecordedHttpOut seen = record(*request);
    const HttpOutScript script = world(seen);
    const bool may_have_done = script.end != CERTSPAN_UNAVAILABLE && script.end != CERTSPAN_INVALID;
    std::uint64_t exchange = 0;
    {
      const std::lock_guard lock(mutex_);
      exchange = ++last_;
      if (may_have_done && !seen.asks_only) open_[exchange] = script.end == CERTSPAN_OK;
      requests_.push_back(std::move(seen));
    }
    hand_over(script, exchange, sink);
    return script.end;
  }

  certspan_outcome answered_by_ca(std::uint64_t exchange) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(exchange);
    if (found == open_.end() || !found->second) return CERTSPAN_REJECTED;
    open_.erase(found);
    return CERTSPAN_OK;
  }

 private:
  static RecordedHttpOut record(const certspan_http_out_request& request) {
    RecordedHttpOut seen;
    seen.method = from_abi(request.method);
    seen.url = from_abi(request.url);
    for (std::uint64_t i = 0; i < request.field_count; ++i) {
      const certspan_http_out_field& field = request.fields[i];
      seen.fields.push_back({std::string(from_abi(field.name)), std::string(from_abi(field.value)),
                             std::string(from_abi(field.token))});
    }
    seen.body = copy_of(request.body);
    seen.asks_only = (request.flags & CERTSPAN_HTTP_OUT_ASKS_ONLY) != 0;
    seen.client_certificate = request.tls != nullptr && request.tls->certificate.size != 0;
    return seen;
  }

  static void hand_over(const HttpOutScript& script, std::uint64_t exchange,
                        const certspan_http_out_sink* sink) {
    const bool answered = script.end == CERTSPAN_OK;
    const std::vector<certspan_label> fields = to_abi(std::span<const Label>(script.fields));
    const certspan_http_out_result result = {
        .struct_size = sizeof(certspan_http_out_result),
        .status = answered ? script.status : 0,
        .failure = answered ? 0 : script.failure,
        .reserved = 0,
        .exchange = answered ? exchange : 0,
        .fields = fields.data(),
        .field_count = fields.size(),
        .body = to_abi(bytes_of(script.body)),
        .message = to_abi(std::string_view(script.message)),
    };
    sink->result(sink->context, &result);
  }

  mutable std::mutex mutex_;
  std::vector<RecordedHttpOut> requests_;
  std::map<std::uint64_t, bool> open_;  // exchange -> a whole answer came
  std::uint64_t last_ = 0;
};

}  // namespace certspan::sdk::testing
