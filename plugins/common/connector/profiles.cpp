#include "plugins/common/connector/profiles.hpp"

#include <nlohmann/json.hpp>

namespace certspan::connector {

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

ProfileMap read_profiles(const nlohmann::json& settings, sdk::Faults& faults) {
  ProfileMap profiles;
  const auto found = settings.find("profiles");
  if (found == settings.end()) return profiles;
  if (!found->is_object()) {
    faults.add("/profiles", "must be a map from names to profiles");
    return profiles;
  }
  for (const auto& [name, value] : found->items()) {
    auto profile = pki::parse_profile(value.dump());
    if (profile) {
      profiles.emplace(name, std::move(*profile));
      continue;
    }
    for (const pki::ProfileFault& fault : profile.error()) {
      faults.add("/profiles" + pointer_step(name) + fault.pointer, fault.message);
    }
  }
  return profiles;
}

}  // namespace certspan::connector
