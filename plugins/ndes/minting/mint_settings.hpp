// What the YAML says about minting challenges over HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/faults.hpp>

#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {

// Whoever may mint, and for what.
struct AccountSettings {
  std::string name;
  std::string password;  // references; at least one of the two is there
  std::string token;
  std::vector<std::string> profiles;  // at least one; the first where a request names none
  std::string endpoint;               // "": as one_time.endpoint says
};

struct MintSettings {
  static MintSettings read(const JsonSettings& settings);

  bool on = false;
  std::string listener;
  std::string path;       // of the JSON API; "": there is none
  std::string ndes_page;  // likewise
  std::size_t most_open = 0;
  std::vector<AccountSettings> accounts;
};

// What the schema can't say.
void check_mint_settings(const MintSettings& settings, sdk::Faults& faults);

inline constexpr std::size_t kDefaultMostOpen = 10'000;

// Of the setting `mint`, for the schema around it.
inline constexpr char kMintSchema[] = R"json("mint": {
      "type": "object",
      "additionalProperties": false,
      "required": ["listener", "accounts"],
      "anyOf": [{"required": ["path"]}, {"required": ["ndes_page"]}],
      "description": "Lets programs mint one-time challenges over HTTP: an API, the admin page of NDES, or both.",
      "properties": {
        "listener": {
          "type": "string",
          "x-certspan-listener": true,
          "x-certspan-takes-passwords": "danger_plain_http",
          "description": "The listener of host.listeners that it answers on; with TLS, or on this machine alone."
        },
        "path": {
          "type": "string",
          "x-certspan-route": true,
          "description": "Where the API takes POST: /v1/challenges."
        },
        "ndes_page": {
          "type": "string",
          "x-certspan-route": true,
          "description": "Where the admin page of NDES is: /certsrv/mscep_admin, with or without a final slash."
        },
        "most_open": {
          "type": "integer",
          "minimum": 1,
          "maximum": 100000,
          "default": 10000,
          "description": "While so many challenges are neither spent nor expired, no account mints another one."
        },
        "danger_plain_http": {
          "type": "boolean",
          "default": false,
          "description": "Takes passwords over a listener without TLS that other machines reach."
        },
        "accounts": {
          "type": "array",
          "minItems": 1,
          "maxItems": 100,
          "description": "Who may mint.",
          "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "profiles"],
            "anyOf": [{"required": ["password"]}, {"required": ["token"]}],
            "description": "One program.",
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "description": "Its user name, and what the log calls it."
              },
              "password": {
                "type": "string",
                "x-certspan-secret": true,
                "description": "For Basic authentication, as a reference."
              },
              "token": {
                "type": "string",
                "x-certspan-secret": true,
                "description": "A bearer token for the API, as a reference."
              },
              "profiles": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "x-certspan-profile": true, "description": "One of them."},
                "description": "What it may mint for; the first one where a request names none."
              },
              "endpoint": {
                "type": "string",
                "x-certspan-connector": "source",
                "description": "Its challenges are good for this source only."
              }
            }
          }
        }
      }
    })json";

}  // namespace certspan::scep
