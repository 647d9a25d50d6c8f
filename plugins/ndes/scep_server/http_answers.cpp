#include "plugins/ndes/scep_server/http_answers.hpp"

#include <string>

namespace certspan::scep {
namespace {

constexpr std::uint32_t kRetryAfterSeconds = 10;

}  // namespace

void respond_text(sdk::Exchange& exchange, std::uint32_t status, std::string_view line) {
  const std::string body = std::string(line) + "\n";
  exchange.respond({.status = status, .content_type = "text/plain", .body = sdk::bytes_of(body)});
}

void respond_later(sdk::Exchange& exchange, std::string_view line) {
  const std::string body = std::string(line) + "\n";
  exchange.respond({.status = 503,
                    .content_type = "text/plain",
                    .body = sdk::bytes_of(body),
                    .retry_after_s = kRetryAfterSeconds});
}

void respond_message(sdk::Exchange& exchange, const pki::Result<pki::Bytes>& message) {
  if (!message && message.error().kind == pki::FaultKind::Unavailable)
    return respond_later(exchange, "try again");
  if (!message) return respond_text(exchange, 500, "the answer can't be written");
  exchange.respond({.status = 200, .content_type = kPkiMessage, .body = *message});
}

}  // namespace certspan::scep
