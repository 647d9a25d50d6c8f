#include "plugins/intune/service/examination.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/intune/service/answers.hpp"
#include "plugins/intune/service/tenant_client.hpp"

namespace certspan::intune {
namespace {

Check bad(std::string what, const Trouble& trouble) {
  return {std::move(what), false, trouble.message + " [" + trouble.code + "]"};
}

std::string advice_on(std::string_view permission) {
  return "give the app Intune's application permission " + std::string(permission) + " with admin consent";
}

/// Nothing of a token that can't be read: what it allows is its service's to say.
std::vector<Check> roles_of(const TokenDesk::Token& token, std::string_view permission) {
  const auto roles = read_token_roles(token->reveal_text());
  if (!roles) return {};
  const bool has = std::ranges::find(*roles, permission) != roles->end();
  return {{"roles", has,
           has ? "the token has the role " + std::string(permission)
               : "the token lacks the role " + std::string(permission) + ": " + advice_on(permission)}};
}

}  // namespace

std::vector<Check> examine(TenantClient& client, std::string_view service, std::string_view permission,
                           std::chrono::steady_clock::time_point deadline) {
  std::vector<Check> checks;
  const auto token = client.tokens().get(TokenDesk::Audience::Intune, deadline);
  if (!token) return {bad("token", token.error())};
  checks.push_back({"token", true, "the tenant gives the app a token for Intune"});
  std::ranges::move(roles_of(*token, permission), std::back_inserter(checks));
  const auto map = client.map().get(deadline);
  if (!map) {
    checks.push_back(bad("discovery", map.error()));
    return checks;
  }
  const auto place = (*map)->find(service);
  const bool listed = place != (*map)->end();
  checks.push_back({"discovery", listed,
                    listed ? "Microsoft Graph lists the service " + std::string(service)
                           : "Microsoft Graph lists no service " + std::string(service) + " for the app: " +
                                 advice_on(permission) + ", and see that the tenant has an Intune licence"});
  if (!listed) return checks;
  const sdk::HttpOutReply reply = client.web().get(place->second, {}, deadline);
  if (reply.answered()) {
    checks.push_back({"service", true, "the service " + std::string(service) + " is reached"});
  } else {
    checks.push_back(bad("service", no_answer_of("Intune", reply)));
  }
  return checks;
}

std::string examination_text(const std::vector<Check>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const Check& each : checks)
    list.push_back({{"what", each.what}, {"good", each.good}, {"text", each.text}});
  return nlohmann::json{{"checks", std::move(list)}}.dump(-1, ' ', false,
                                                          nlohmann::json::error_handler_t::replace);
}

}  // namespace certspan::intune
