// The commands that a challenge connector offers, and the words of their arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <certspan/actions.hpp>
#include <certspan/faults.hpp>

#include "plugins/ndes/challenge/challenge_book.hpp"
#include "plugins/ndes/challenge/challenge_settings.hpp"

namespace certspan::scep {

inline constexpr sdk::ActionSpec kChallengeActions[] = {
    {"challenge_new", "Mints a challenge that is good for one request.", CERTSPAN_PERSON_OFFICER,
     CERTSPAN_ACTION_PRINTS_SECRET, R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "profile": {"type": "string", "x-certspan-profile": true, "description": "Good for this profile only."},
    "endpoint": {"type": "string", "x-certspan-connector": "source", "description": "Good for this source connector only."},
    "subject": {"type": "string", "description": "Good for this subject only: a common name, or all of it."},
    "san": {
      "type": "array",
      "items": {"type": "string"},
      "description": "The only alternative names that may be asked for: dns:host, email:address, upn:user@suffix, ip:address, uri:scheme:rest."
    },
    "device": {"type": "string", "description": "A word for people, which challenge_list shows; it binds nothing."},
    "lifetime": {"type": "string", "description": "How long it is good: 30m, 12h, 7d."}
  }
})json"},
    {"challenge_list", "Lists the one-time challenges, without their text.", CERTSPAN_PERSON_OFFICER, 0,
     R"json({"type": "object", "additionalProperties": false, "properties": {}})json"},
    {"challenge_cancel", "Takes a challenge back that was not spent yet.", CERTSPAN_PERSON_OFFICER, 0,
     R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["id"],
  "properties": {"id": {"type": "string", "minLength": 1, "description": "As challenge_list shows it, or its beginning."}}
})json"},
};

// Runs one of them; the result is a JSON object. Control thread.
std::optional<std::string> run_challenge_action(ChallengeBook& book, const ChallengeSettings& settings,
                                                std::int64_t now_ms, std::string_view name,
                                                std::string_view arguments, sdk::Faults& faults);

}  // namespace certspan::scep
