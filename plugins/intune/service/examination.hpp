// Whether the tenant would let this app work, found out without asking about any device.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/actions.hpp>

namespace certspan::intune {

class TenantClient;

inline constexpr const char* kExamineAction = "examine";
inline constexpr sdk::ActionSpec kExamine = {
    kExamineAction, "asks the tenant whether it lets the app work", CERTSPAN_PERSON_OPERATOR, 0,
    R"({"type": "object", "additionalProperties": false, "properties": {}, "description": "Takes nothing."})"};

/// At most; a minute is what an action may take.
inline constexpr std::chrono::seconds kExaminationLasts{45};

/// One step towards a service. After one that is not good, those that need it are left out.
struct Check {
  std::string what;  // "token", "roles", "discovery", "service"
  bool good = false;
  std::string text;  // for people, with what to do; never a secret
};

/// Token, its roles, the discovery of `service` and a connection to it. `permission` is what the app needs.
std::vector<Check> examine(TenantClient& client, std::string_view service, std::string_view permission,
                           std::chrono::steady_clock::time_point deadline);

/// {"checks": [{"what", "good", "text"}]}, as `certspan doctor` reads it.
std::string examination_text(const std::vector<Check>& checks);

}  // namespace certspan::intune
