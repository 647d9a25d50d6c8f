// What the YAML says about a challenge connector.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/common/connector/schema.hpp"
#include "plugins/ndes/minting/mint_settings.hpp"

namespace certspan::scep {

struct ChallengeSettings {
  static ChallengeSettings read(std::string_view json);

  std::string static_token;  // reference of the static challenge, "" if there is none
  bool one_time = false;
  std::int64_t lifetime_ms = 0;
  std::string endpoint;  // what new challenges are bound to unless their minter says otherwise
  std::string profile;
  bool danger_unbound_users = false;
  MintSettings mint;
};

inline constexpr std::int64_t kDefaultLifetimeMs = 60L * 60 * 1000;
inline constexpr std::int64_t kShortestLifetimeMs = 1000;
inline constexpr std::int64_t kLongestLifetimeMs = std::int64_t{90} * 24 * 60 * 60 * 1000;

inline constexpr auto kChallengeSchemaText = connector::join_texts(R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "minProperties": 1,
  "description": "Lets a SCEP request through if it holds a challenge password of ours.",
  "properties": {
    "static": {
      "type": "string",
      "minLength": 1,
      "x-certspan-secret": true,
      "x-certspan-shared-secret": true,
      "description": "One challenge for all devices. It reaches every CA that gets the request; prefer one_time."
    },
    "danger_unbound_users": {
      "type": "boolean",
      "default": false,
      "description": "Lets whoever has a challenge that is not bound to alternative names ask for any user principal name."
    },
)json",
                                                                   kMintSchema, R"json(,
    "one_time": {
      "type": "object",
      "additionalProperties": false,
      "description": "Challenges that are minted with `certspan challenge new` or over HTTP, and good for one request.",
      "properties": {
        "lifetime": {
          "type": "string",
          "x-certspan-duration": true,
          "minimum": 1000,
          "maximum": 7776000000,
          "default": "1h",
          "description": "How long a new challenge is good, unless its minter says otherwise; at most 90d."
        },
        "endpoint": {
          "type": "string",
          "x-certspan-connector": "source",
          "description": "New challenges are good for this source only, unless their minter names another."
        },
        "profile": {
          "type": "string",
          "x-certspan-profile": true,
          "description": "New challenges are good for this profile only, unless their minter names another."
        }
      }
    }
  }
})json");
inline constexpr const char* kChallengeSchema = kChallengeSchemaText.data();

}  // namespace certspan::scep
