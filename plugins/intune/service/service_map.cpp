#include "plugins/intune/service/service_map.hpp"

#include "plugins/common/connector/outgoing_url.hpp"
#include "plugins/intune/service/guid.hpp"

namespace certspan::intune {
namespace {

constexpr const char* kGraph = "Microsoft Graph";
/// The application "Microsoft Intune", the same in every tenant.
constexpr std::string_view kPath =
    "v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints";
constexpr int kMostPages = 20;
constexpr std::chrono::minutes kLasts{60};
constexpr std::chrono::minutes kRenewAfter{50};
constexpr std::chrono::seconds kLacksFor{10};

}  // namespace

ServiceMap::ServiceMap(sdk::Host host, const ServiceSettings& settings, TokenDesk& tokens, const Web& web)
    : host_(host), settings_(settings), tokens_(tokens), web_(web) {}

Got<ServiceMap::Map> ServiceMap::get(std::chrono::steady_clock::time_point deadline) {
  return map_.get([this] { return host_.now(); }, deadline, [&] { return fetch(deadline); });
}

Got<Fetched<ServiceMap::Places>> ServiceMap::fetch(std::chrono::steady_clock::time_point deadline) {
  Places places;
  std::string url = settings_.cloud.graph + std::string(kPath);
  for (int pages = 0; !url.empty(); ++pages) {
    if (pages == kMostPages)
      return trouble("intune.unreadable", "Microsoft Graph's list of services does not end");
    auto listed = page(url, deadline);
    if (!listed) return tl::unexpected(listed.error());
    // The first of a name counts; an address that others could read on the way is none.
    for (auto& [name, uri] : listed->services) {
      while (uri.ends_with('/')) uri.pop_back();
      if (may_follow(uri)) places.emplace(std::move(name), std::move(uri));
    }
    url = std::move(listed->next_link);
    if (!url.empty() && connector::origin_of(url) != connector::origin_of(settings_.cloud.graph))
      return trouble("intune.unreadable",
                     "Microsoft Graph's list of services goes on at another address, which is not asked");
  }
  return Fetched<Places>{std::move(places), kLasts, kRenewAfter};
}

void ServiceMap::lacks(const Map& map) {
  if (map_.drop_if_older(map, host_.now(), kLacksFor)) tokens_.clear();
}

/// https, or this machine where Graph is this machine too.
bool ServiceMap::may_follow(const std::string& url) const {
  if (!connector::is_private_url(url) || url.find('?') != std::string::npos) return false;
  return url.starts_with("https://") || settings_.cloud.graph.starts_with("http://");
}

Got<DiscoveryPage> ServiceMap::page(const std::string& url, std::chrono::steady_clock::time_point deadline) {
  const auto reply = ask(url, deadline);
  if (!reply) return tl::unexpected(reply.error());
  if (reply->status == 401)
    return trouble("intune.graph_denied",
                   "Microsoft Graph does not take the app's token: look at cloud, graph and graph_resource");
  const std::string said = read_service_error(pki::as_text(reply->body));
  if (reply->status == 403) {
    return trouble("intune.graph_denied",
                   "Microsoft Graph does not let the app look for Intune's services: give it the application "
                   "permission Application.Read.All with admin consent" +
                       (said.empty() ? "" : " (" + said + ")"));
  }
  if (reply->status / 100 != 2) return tl::unexpected(bad_status_of(kGraph, *reply, said, host_.wall_now()));
  auto read = read_discovery_page(pki::as_text(reply->body));
  if (!read) return trouble("intune.unreadable", "Microsoft Graph's list of services can't be read");
  return std::move(*read);
}

/// Asks once more with a new token if the first is not taken. One that lacks a permission is not used again:
/// it may have been given meanwhile.
Got<sdk::HttpOutReply> ServiceMap::ask(const std::string& url,
                                       std::chrono::steady_clock::time_point deadline) {
  for (bool again = true;; again = false) {
    const auto token = tokens_.get(TokenDesk::Audience::Graph, deadline);
    if (!token) return tl::unexpected(token.error());
    const std::string activity = new_guid();
    sdk::HttpOutReply reply = web_.get(url,
                                       {{.name = "Authorization", .value = (*token)->reveal_text()},
                                        {.name = "client-request-id", .value = activity}},
                                       deadline);
    if (!reply.answered()) return tl::unexpected(no_answer_of(kGraph, reply));
    if (reply.status == 401 || reply.status == 403) tokens_.drop(TokenDesk::Audience::Graph, *token);
    if (reply.status != 401 || !again) return reply;
  }
}

}  // namespace certspan::intune
