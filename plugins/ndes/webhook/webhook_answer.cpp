#include "plugins/ndes/webhook/webhook_answer.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

namespace certspan::scep {
namespace {

constexpr int kDeepest = 16;

}  // namespace

std::optional<WebhookAnswer> read_webhook_answer(std::string_view text) {
  using Json = nlohmann::json;
  bool sound = true;
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kDeepest) sound = false;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      sound = false;
    return true;
  };
  const Json root = Json::parse(text, watch, false);
  if (!sound || !root.is_object()) return std::nullopt;
  const auto allow = root.find("allow");
  if (allow == root.end() || !allow->is_boolean()) return std::nullopt;
  WebhookAnswer answer{.allow = allow->get<bool>(), .csr_sha256 = {}};
  const auto echo = root.find("csrSha256");
  if (echo == root.end()) return answer;
  if (!echo->is_string()) return std::nullopt;
  answer.csr_sha256 = echo->get<std::string>();
  return answer;
}

bool is_webhook_url(std::string_view url) {
  const auto odd = [](char c) { return c <= ' ' || c > '~' || c == '#' || c == '@' || c == '\\'; };
  if (std::ranges::any_of(url, odd)) return false;
  if (url.starts_with("https://")) return url.size() > 8 && url[8] != '/';
  if (!url.starts_with("http://")) return false;
  const std::string_view rest = url.substr(7);
  for (const std::string_view here : {"127.0.0.1", "[::1]"}) {
    if (!rest.starts_with(here)) continue;
    const std::string_view after = rest.substr(here.size());
    if (after.empty() || after[0] == ':' || after[0] == '/') return true;
  }
  return false;
}

}  // namespace certspan::scep
