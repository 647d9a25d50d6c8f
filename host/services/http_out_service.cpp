// http_out: between the contract and the class that speaks HTTP, the limits and the book of what left.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "host/services/abi_views.hpp"
#include "host/services/call_scope.hpp"
#include "host/services/host_services.hpp"

namespace certspan {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kMostHeaderFields = 64;
constexpr std::uint64_t kLongestField = 16ULL * 1024;
constexpr std::uint64_t kLongestUrl = 8ULL * 1024;
constexpr std::uint64_t kLongestMethod = 16;
constexpr std::uint64_t kLongestBody = 16ULL * 1024 * 1024;
constexpr std::uint64_t kLongestPem = 256ULL * 1024;
constexpr std::uint64_t kUsualAnswer = 1024ULL * 1024;
constexpr std::uint64_t kLongestAnswer = 16ULL * 1024 * 1024;
/// For an exchange outside of any call that names no deadline.
constexpr std::chrono::seconds kUsualTime{30};

/// Fields that frame the message or belong to one connection: the host's own.
constexpr std::array<std::string_view, 10> kOwnFields = {
    "host",    "content-length",      "transfer-encoding", "connection", "keep-alive",
    "upgrade", "proxy-authorization", "proxy-connection",  "te",         "expect"};

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

/// Nothing that could end the line: no control characters but a tab.
bool is_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_own_field(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::ranges::find(kOwnFields, lower) != kOwnFields.end();
}

void append(Bytes& to, std::string_view text) {
  to.insert(to.end(), text.begin(), text.end());
}

/// Builds the host's own request from the contract's struct. What is wrong is told without any value.
class RequestReader {
 public:
  RequestReader(const HostServices& services, const certspan_http_out_request& from)
      : services_(services), from_(from) {}

  /// What is wrong, or nothing.
  std::optional<std::string> read(OutgoingRequest& to) {
    if (from_.struct_size < sizeof(from_)) return "the request is too short for this host's contract";
    to.method = from_abi(from_.method);
    to.url = from_abi(from_.url);
    if (!is_token(to.method) || to.method.size() > kLongestMethod) return "the method is malformed";
    const bool printable = std::ranges::all_of(to.url, [](char c) { return c > ' ' && c < 0x7f; });
    if (!printable || to.url.size() > kLongestUrl) return "the URL is too long or has other than ASCII";
    if (from_.body.size > kLongestBody) return "the body is over 16 MiB";
    if (from_.max_answer > kLongestAnswer) return "max_answer is over 16 MiB";
    to.body = from_abi(from_.body);
    to.max_answer = static_cast<std::size_t>(from_.max_answer == 0 ? kUsualAnswer : from_.max_answer);
    to.asks_only = (from_.flags & CERTSPAN_HTTP_OUT_ASKS_ONLY) != 0;
    to.deadline = deadline();
    if (auto fault = read_fields(to)) return fault;
    return read_tls(to);
  }

 private:
  steady_clock::time_point deadline() const {
    const CallScope* call = CallScope::current();
    const auto latest = call != nullptr ? call->deadline() : services_.backends().clock->now() + kUsualTime;
    if (from_.deadline_ns == 0) return latest;
    const steady_clock::time_point asked{
        std::chrono::nanoseconds(static_cast<std::int64_t>(from_.deadline_ns))};
    return call != nullptr ? std::min(asked, latest) : asked;
  }

  std::optional<std::string> read_fields(OutgoingRequest& to) const {
    if (from_.field_count > kMostHeaderFields) return "there are more than 64 header fields";
    for (std::uint64_t i = 0; i < from_.field_count; ++i) {
      const std::string_view name = from_abi(from_.fields[i].name);
      if (!is_token(name)) return "the name of header field " + std::to_string(i) + " is malformed";
      if (is_own_field(name)) return "the header field " + std::string(name) + " is the host's own";
      Secret line;
      if (!read_line(from_.fields[i], line)) {
        return "the value of the header field " + std::string(name) +
               " is too long, has control characters, or is a token that opens nothing";
      }
      to.lines.push_back(std::move(line));
    }
    return std::nullopt;
  }

  bool read_line(const certspan_http_out_field& field, Secret& line) const {
    Secret secret;
    if (field.token.size != 0 && !open(field.token, secret)) return false;
    const std::string_view value = from_abi(field.value);
    if (field.name.size + value.size() + secret.size() > kLongestField) return false;
    if (!is_value(value) || !is_value(as_text(secret.reveal()))) return false;
    Bytes text;
    text.reserve(field.name.size + value.size() + secret.size() + 3);  // no copy of a secret is left behind
    append(text, from_abi(field.name));
    // A field without a value is written so to libcurl; "Name:" would be taken for "leave this one out".
    append(text, value.empty() && secret.empty() ? ";" : ": ");
    append(text, value);
    append(text, as_text(secret.reveal()));
    text.push_back(0);
    line = Secret(std::move(text));
    return true;
  }

  std::optional<std::string> read_tls(OutgoingRequest& to) const {
    if (from_.tls == nullptr) return std::nullopt;
    const certspan_http_out_tls& tls = *from_.tls;
    if (tls.struct_size < sizeof(tls)) return "the TLS options are too short for this host's contract";
    if (std::max({tls.trust.size, tls.certificate.size, tls.key.size}) > kLongestPem) {
      return "a PEM of the TLS options is over 256 KiB";
    }
    to.trust = from_abi(tls.trust);
    to.certificate = from_abi(tls.certificate);
    if (tls.key_token.size != 0) {
      if (!open(tls.key_token, to.key)) return "the token of the client certificate's key opens nothing";
    } else {
      to.key = Secret(copy_of(from_abi(tls.key)));
    }
    if (to.certificate.empty() != to.key.empty()) return "a client certificate and its key go together";
    return std::nullopt;
  }

  bool open(certspan_string_view token, Secret& into) const {
    return services_.backends().secrets->open(services_.connector(), from_abi(token),
                                              [&](BytesView bytes) { into = Secret(copy_of(bytes)); });
  }

  const HostServices& services_;
  const certspan_http_out_request& from_;
};

certspan_outcome outcome_of(const OutgoingResult& result) {
  if (result.failure == OutgoingFailure::None) return CERTSPAN_OK;
  if (result.left) return CERTSPAN_UNKNOWN;
  return result.failure == OutgoingFailure::BadRequest ? CERTSPAN_INVALID : CERTSPAN_UNAVAILABLE;
}

void give(const OutgoingResult& result, std::uint64_t exchange, const certspan_http_out_sink* sink) {
  std::vector<certspan_label> fields;
  fields.reserve(result.fields.size());
  for (const auto& [name, value] : result.fields) fields.push_back({to_abi(name), to_abi(value)});
  certspan_http_out_result to{};
  to.struct_size = sizeof(to);
  to.status = result.status;
  to.failure = static_cast<std::uint32_t>(result.failure);
  to.exchange = result.failure == OutgoingFailure::None ? exchange : 0;
  to.fields = fields.data();
  to.field_count = fields.size();
  to.body = to_abi(BytesView(result.body));
  to.message = to_abi(result.message);
  sink->result(sink->context, &to);
}

OutgoingResult refused(std::string message) {
  OutgoingResult result;
  result.failure = OutgoingFailure::BadRequest;
  result.left = false;
  result.message = std::move(message);
  return result;
}

/// Neither the path nor a header: they may hold what is nobody's business.
void log_exchange(const HostServices& services, const OutgoingRequest& request,
                  const OutgoingResult& result) {
  Log& log = *services.backends().log;
  if (!log.enabled(LogLevel::Debug)) return;
  const std::string status = std::to_string(result.status);
  const CallScope* call = CallScope::current();
  log.write(LogLevel::Debug, "asked outside",
            {{"connector", services.connector()},
             {"work", call == nullptr ? std::string_view() : call->work_id()},
             {"method", request.method},
             {"status", status},
             {"left", result.left ? "yes" : "no"},
             {"reason", result.message}});
}

OutgoingResult exchange_with(HostServices& services, const OutgoingRequest& request, std::uint64_t exchange) {
  if (services.backends().http_out == nullptr)
    return refused("nothing is asked while a connector is only tried out");
  // Open before the first byte: whatever happens from here on, an exception too, may have done something.
  CallScope* call = request.asks_only ? nullptr : CallScope::current();
  if (call != nullptr) call->exchange_begins(exchange);
  OutgoingResult result = services.backends().http_out->send(services.connector(), request);
  if (call != nullptr && !result.left) call->nothing_left(exchange);
  if (call != nullptr && result.failure == OutgoingFailure::None) call->answer_came(exchange);
  log_exchange(services, request, result);
  return result;
}

certspan_outcome http_out_send(void* context, const certspan_http_out_request* request,
                               const certspan_http_out_sink* sink) noexcept try {
  HostServices& services = HostServices::of(context);
  OutgoingRequest outgoing;
  const std::uint64_t exchange = services.next_exchange();
  const auto fault = RequestReader(services, *request).read(outgoing);
  const OutgoingResult result = fault ? refused(*fault) : exchange_with(services, outgoing, exchange);
  give(result, exchange, sink);
  return outcome_of(result);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome http_out_answered_by_ca(void*, std::uint64_t exchange) noexcept {
  CallScope* call = CallScope::current();
  return call != nullptr && call->answered_by_ca(exchange) ? CERTSPAN_OK : CERTSPAN_REJECTED;
}

}  // namespace

const certspan_service_http_out kHttpOutService = {sizeof(certspan_service_http_out), 0, &http_out_send,
                                                   &http_out_answered_by_ca};

}  // namespace certspan
