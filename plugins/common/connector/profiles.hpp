// The file's `profiles:` map, as the host hands it to a plugin whose schema asks for it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <certspan/faults.hpp>
#include <nlohmann/json_fwd.hpp>

#include "plugins/common/pki/profile.hpp"

namespace certspan::connector {

using ProfileMap = std::map<std::string, pki::Profile, std::less<>>;

/// Reads the member "profiles" of a connector's settings. Every fault is reported at its place, such as
/// "/profiles/wifi/eku/0"; the result holds the profiles without a fault.
ProfileMap read_profiles(const nlohmann::json& settings, sdk::Faults& faults);

/// `name` as one step of a JSON pointer (RFC 6901), with its slash: "/profiles" + pointer_step("wifi").
std::string pointer_step(std::string_view name);

}  // namespace certspan::connector
