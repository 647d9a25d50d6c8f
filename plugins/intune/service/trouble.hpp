// Why something could not be had from the tenant, for whoever waits for it and for its administrator.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <certspan/answer.hpp>
#include <certspan/http_out.hpp>
#include <tl/expected.hpp>

namespace certspan::intune {

/// Nothing was decided about anybody: it may work later.
struct Trouble {
  std::string code;     // "intune.no_name"
  std::string message;  // what happened to what, and what to do; never a secret
  std::chrono::milliseconds retry_after{0};
  bool throttled = false;

  sdk::Answer to_answer() const;
};

template <class T>
using Got = tl::expected<T, Trouble>;

inline tl::unexpected<Trouble> trouble(std::string code, std::string message) {
  return tl::unexpected<Trouble>(Trouble{std::move(code), std::move(message), {}, false});
}

/// No whole answer came from `whom`: DNS, connection or proxy, TLS, time. Requires: not reply.answered().
Trouble no_answer_of(std::string_view whom, const sdk::HttpOutReply& reply);

/// `whom` answered with a status that is no answer: 429, 5xx, whatever has no meaning of its own. `said` is
/// what it said of it, for people, "" if nothing.
Trouble bad_status_of(std::string_view whom, const sdk::HttpOutReply& reply, std::string_view said,
                      std::chrono::system_clock::time_point now);

/// The name, the connection or TLS failed: what is known of where the service is may be out of date.
bool went_nowhere(const sdk::HttpOutReply& reply);

/// Retry-After in seconds or as a date (RFC 9110 10.2.3), at most an hour; 0 if there is none or it can't be
/// read.
std::chrono::milliseconds retry_after_of(const sdk::HttpOutReply& reply,
                                         std::chrono::system_clock::time_point now);

}  // namespace certspan::intune
