#include "plugins/intune/service/token_desk.hpp"

#include <algorithm>

#include "plugins/intune/service/answers.hpp"

namespace certspan::intune {
namespace {

constexpr const char* kTokenEndpoint = "the token endpoint";
// A token is not used in its last half minute, and a new one is asked for in its last five.
constexpr std::chrono::seconds kShortLife{30};
constexpr std::chrono::seconds kRenewBefore{300};

struct Refusal {
  std::uint32_t number;
  const char* advice;
};

/// What people meet, and what they can do (numbers behind "AADSTS").
constexpr Refusal kRefusals[] = {
    {7'000'215, "the client secret is not the app's: give the secret's value, not its id"},
    {7'000'222, "the client secret has expired: make a new one, or better a certificate"},
    {700'016, "the tenant does not know the app: look at client_id and tenant"},
    {90'002, "there is no such tenant: look at tenant and cloud"},
    {700'027, "the certificate is not registered for the app, or this machine's clock is wrong"},
    {700'024, "the assertion is not within its time: look at this machine's clock"},
    {70'011, "the scope is not known in this cloud: look at cloud and resource"},
    {500'011, "the resource is not known in the tenant: look at cloud, resource and the tenant's licence"},
    {53'003, "a conditional access policy blocks the app"},
};

std::string refusal_in_words(const sdk::HttpOutReply& reply) {
  const std::uint32_t number = read_token_refusal(pki::as_text(reply.body));
  const auto* const known = std::ranges::find(kRefusals, number, &Refusal::number);
  std::string words = "the token endpoint refuses the app (HTTP " + std::to_string(reply.status);
  if (number != 0) words += ", AADSTS" + std::to_string(number);
  words += "): ";
  return words + (known == std::end(kRefusals) ? "look at tenant, client_id and its secret or certificate"
                                               : known->advice);
}

std::chrono::milliseconds renew_after(std::chrono::seconds lasts) {
  return std::max(lasts - kRenewBefore, lasts / 2);
}

}  // namespace

TokenDesk::TokenDesk(sdk::Host host, const ServiceSettings& settings, const Credential& credential,
                     const Web& web)
    : host_(host), settings_(settings), credential_(credential), web_(web) {}

Got<TokenDesk::Token> TokenDesk::get(Audience audience, std::chrono::steady_clock::time_point deadline) {
  return slot(audience).get([this] { return host_.now(); }, deadline,
                            [&] { return fetch(audience, deadline); });
}

Got<Fetched<pki::SecretBytes>> TokenDesk::fetch(Audience audience,
                                                std::chrono::steady_clock::time_point deadline) const {
  const Cloud& cloud = settings_.cloud;
  // Intune's resource ends with a slash, so that two stand in its scope.
  const std::string scope =
      (audience == Audience::Graph ? cloud.graph_resource : cloud.intune_resource) + "/.default";
  const auto form = credential_.token_form(scope);
  if (!form) return trouble("intune.no_key", "no token can be asked for: " + form.error().message);
  const sdk::HttpOutReply reply = web_.post(
      settings_.token_url(), {{.name = "Content-Type", .value = "application/x-www-form-urlencoded"}},
      form->view(), deadline);
  if (!reply.answered()) return tl::unexpected(no_answer_of(kTokenEndpoint, reply));
  if (reply.status == 400 || reply.status == 401)
    return trouble("intune.credential_refused", refusal_in_words(reply));
  if (reply.status / 100 != 2)
    return tl::unexpected(bad_status_of(kTokenEndpoint, reply, "", host_.wall_now()));
  auto answer = read_token_answer(pki::as_text(reply.body));
  if (!answer) {
    return trouble("intune.unreadable",
                   "the token endpoint's answer can't be read; is there a proxy that asks for a sign-in?");
  }
  const std::chrono::seconds lasts = std::max(answer->lasts - kShortLife, answer->lasts / 2);
  return Fetched<pki::SecretBytes>{std::move(answer->authorization), lasts, renew_after(lasts)};
}

}  // namespace certspan::intune
