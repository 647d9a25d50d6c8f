// What the company's service answered, read once and strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace certspan::scep {

struct WebhookAnswer {
  bool allow = false;
  std::string csr_sha256;  // "" if the service echoed none
};

// nullopt: not one JSON object with `allow`, or a name twice, or a wrong type, or nested too deep.
std::optional<WebhookAnswer> read_webhook_answer(std::string_view text);

}  // namespace certspan::scep
