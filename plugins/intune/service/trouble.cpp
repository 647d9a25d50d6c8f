#include "plugins/intune/service/trouble.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace certspan::intune {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestPause = std::chrono::hours(1);
constexpr std::uint32_t kTooManyRequests = 429;

struct Failure {
  std::uint32_t number;
  const char* code;
  const char* words;
};

constexpr Failure kFailures[] = {
    {CERTSPAN_HTTP_OUT_BAD_REQUEST, "intune.bad_url", "can't be asked"},
    {CERTSPAN_HTTP_OUT_NO_NAME, "intune.no_name",
     "can't be found by its name; look at this machine's DNS and proxy"},
    {CERTSPAN_HTTP_OUT_NO_CONNECTION, "intune.no_connection", "can't be reached; look at firewall and proxy"},
    {CERTSPAN_HTTP_OUT_NO_TLS, "intune.no_tls",
     "does not show a certificate that is trusted; where TLS is inspected on the way, give the inspecting CA "
     "by ca_certificates"},
    {CERTSPAN_HTTP_OUT_NO_TIME, "intune.no_time", "did not answer in time"},
    {CERTSPAN_HTTP_OUT_BROKEN, "intune.broken", "ended the connection before its answer was whole"},
    {CERTSPAN_HTTP_OUT_TOO_LARGE, "intune.too_large", "answered more than an answer can be"},
    {CERTSPAN_HTTP_OUT_NO_HTTP, "intune.no_http", "answered something that is no HTTP"},
};

}  // namespace

sdk::Answer Trouble::to_answer() const {
  return throttled ? sdk::Answer::throttled(code, message, retry_after)
                   : sdk::Answer::unavailable(code, message, retry_after);
}

Trouble no_answer_of(std::string_view whom, const sdk::HttpOutReply& reply) {
  const auto* const known = std::ranges::find(kFailures, reply.failure, &Failure::number);
  const bool found = known != std::end(kFailures);
  return {found ? known->code : "intune.no_answer",
          std::string(whom) + " " + (found ? known->words : "gave no answer") +
              (reply.message.empty() ? "" : ": " + reply.message),
          {},
          false};
}

bool went_nowhere(const sdk::HttpOutReply& reply) {
  return !reply.answered() &&
         (reply.failure == CERTSPAN_HTTP_OUT_NO_NAME || reply.failure == CERTSPAN_HTTP_OUT_NO_CONNECTION ||
          reply.failure == CERTSPAN_HTTP_OUT_NO_TLS);
}

milliseconds retry_after_of(const sdk::HttpOutReply& reply, std::chrono::system_clock::time_point now) {
  const std::string text(reply.field("retry-after"));
  std::int64_t wait = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), wait);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    std::tm date{};
    const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (end == nullptr || *end != '\0') return milliseconds(0);
    wait = ::timegm(&date) - std::chrono::system_clock::to_time_t(now);
  }
  return std::clamp(seconds(std::clamp<std::int64_t>(wait, 0, kLongestPause.count())), seconds(0),
                    kLongestPause);
}

Trouble bad_status_of(std::string_view whom, const sdk::HttpOutReply& reply, std::string_view said,
                      std::chrono::system_clock::time_point now) {
  Trouble found;
  found.retry_after = retry_after_of(reply, now);
  found.throttled = reply.status == kTooManyRequests;
  found.code = found.throttled ? "intune.throttled" : "intune.status";
  found.message = std::string(whom) + " answered HTTP " + std::to_string(reply.status);
  if (!said.empty()) found.message.append(": ").append(said);
  if (found.throttled) found.message += "; it takes no more requests for now";
  return found;
}

}  // namespace certspan::intune
