#include "plugins/intune/service/tenant_client.hpp"

#include <utility>

#include "plugins/intune/service/answers.hpp"
#include "plugins/intune/service/guid.hpp"

namespace certspan::intune {
namespace {

constexpr const char* kIntune = "Intune";

bool is_gone(const sdk::HttpOutReply& reply) {
  return went_nowhere(reply) || reply.status == 404 || reply.status == 410;
}

Trouble not_offered(const ServiceCall& call) {
  return {"intune.not_offered",
          "the tenant offers this app no service \"" + std::string(call.service) +
              "\": give the app Intune's application permission " + std::string(call.permission) +
              " with admin consent, and see that the tenant has an Intune licence",
          {},
          false};
}

}  // namespace

/// What one try uses, so that the next knows what was no good.
struct TenantClient::Try {
  std::chrono::steady_clock::time_point deadline;
  TokenDesk::Token token;
  ServiceMap::Map map;
  std::string place;
};

TenantClient::TenantClient(sdk::Host host, ServiceSettings settings)
    : host_(host),
      settings_(std::move(settings)),
      credential_(host_, settings_),
      web_(host_, settings_),
      tokens_(host_, settings_, credential_, web_),
      map_(host_, settings_, tokens_, web_) {}

Got<ServiceReply> TenantClient::post(const ServiceCall& call, std::chrono::steady_clock::time_point deadline,
                                     std::string& activity) {
  bool new_token = true;
  bool new_place = true;
  Try attempt{deadline, {}, {}, {}};
  for (;;) {
    const std::string before = attempt.place;
    auto reply = send(call, attempt, activity);
    if (!reply) return tl::unexpected(reply.error());
    if (reply->answered() && reply->status / 100 == 2) return ServiceReply{std::move(reply->body)};
    if (is_gone(*reply)) map_.drop(attempt.map);
    if (reply->status == 401 || reply->status == 403)
      tokens_.drop(TokenDesk::Audience::Intune, attempt.token);
    const bool again = (reply->status == 401 && std::exchange(new_token, false)) ||
                       (is_gone(*reply) && before != attempt.place && std::exchange(new_place, false));
    if (!again) return tl::unexpected(refused(call, *reply));
  }
}

Got<sdk::HttpOutReply> TenantClient::send(const ServiceCall& call, Try& attempt, std::string& activity) {
  auto token = tokens_.get(TokenDesk::Audience::Intune, attempt.deadline);
  if (!token) return tl::unexpected(token.error());
  auto map = map_.get(attempt.deadline);
  if (!map) return tl::unexpected(map.error());
  const auto place = (*map)->find(call.service);
  if (place == (*map)->end()) {
    map_.lacks(*map);
    return tl::unexpected(not_offered(call));
  }
  attempt.token = std::move(*token);
  attempt.map = std::move(*map);
  attempt.place = place->second;
  activity = new_guid();
  return web_.post(attempt.place + "/" + std::string(call.action),
                   {{.name = "Authorization", .value = attempt.token->reveal_text()},
                    {.name = "Content-Type", .value = "application/json"},
                    {.name = "client-request-id", .value = activity},
                    {.name = "api-version", .value = call.version},
                    {.name = "UserAgent", .value = kCaller}},
                   call.body, attempt.deadline, call.max_answer);
}

Trouble TenantClient::refused(const ServiceCall& call, const sdk::HttpOutReply& reply) const {
  if (!reply.answered()) return no_answer_of(kIntune, reply);
  const std::string said = read_service_error(pki::as_text(reply.body));
  if (reply.status == 401 || reply.status == 403) {
    return {"intune.denied",
            "Intune does not take the app's token (HTTP " + std::to_string(reply.status) +
                "): give the app Intune's application permission " + std::string(call.permission) +
                " with admin consent" + (said.empty() ? "" : " (" + said + ")"),
            {},
            false};
  }
  return bad_status_of(kIntune, reply, said, host_.wall_now());
}

}  // namespace certspan::intune
