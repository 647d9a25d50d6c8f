#include "plugins/ndes/webhook/webhook_answer.hpp"

#include "plugins/common/connector/strict_json.hpp"

namespace certspan::scep {

std::optional<WebhookAnswer> read_webhook_answer(std::string_view text) {
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return std::nullopt;
  const auto allow = root->find("allow");
  if (allow == root->end() || !allow->is_boolean()) return std::nullopt;
  WebhookAnswer answer{.allow = allow->get<bool>(), .csr_sha256 = {}};
  const auto echo = root->find("csrSha256");
  if (echo == root->end()) return answer;
  if (!echo->is_string()) return std::nullopt;
  answer.csr_sha256 = echo->get<std::string>();
  return answer;
}

}  // namespace certspan::scep
