#include "plugins/ndes/challenge/challenge_settings.hpp"

#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {

ChallengeSettings ChallengeSettings::read(std::string_view json) {
  const JsonSettings settings(json);
  ChallengeSettings result;
  result.static_token = settings.text("/static");
  result.one_time = settings.has("/one_time");
  result.lifetime_ms = settings.number("/one_time/lifetime", kDefaultLifetimeMs);
  result.endpoint = settings.text("/one_time/endpoint");
  result.profile = settings.text("/one_time/profile");
  result.danger_unbound_users = settings.flag("/danger_unbound_users");
  result.mint = MintSettings::read(settings);
  return result;
}

}  // namespace certspan::scep
