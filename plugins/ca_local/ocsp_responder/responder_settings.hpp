// The settings of an `ocsp_responder` connector.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/faults.hpp>

#include "plugins/common/pki/private_key.hpp"

namespace certspan::ca_local {

struct ResponderSettings {
  std::string listener;
  std::string path;
  std::vector<std::string> issuers;  // connectors of the CAs it answers for
  pki::KeySpec key = pki::KeySpec::P256;
  std::chrono::seconds validity{std::chrono::hours(24 * 30)};  // of its own certificates
  std::chrono::seconds lasts{std::chrono::hours(1)};           // from an answer to its nextUpdate
};

inline constexpr const char* kResponderSchema = R"json({
  "type": "object", "additionalProperties": false, "required": ["listener", "path", "issuers"],
  "description": "An OCSP responder (RFC 6960) for CAs of this host, with a key that they certify.",
  "properties": {
    "listener": {"type": "string", "x-certspan-listener": true,
      "description": "The listener of host.listeners that it answers on; OCSP clients want plain HTTP."},
    "path": {"type": "string", "x-certspan-route": true,
      "description": "Where it answers, such as /ocsp: POST there, GET below it."},
    "issuers": {"type": "array", "minItems": 1, "maxItems": 16,
      "items": {"type": "string", "x-certspan-connector": "issuer", "description": "Name of a connector."},
      "description": "The CAs that it answers for; each must name it in its ocsp_responders."},
    "key": {"enum": ["rsa:2048", "rsa:3072", "rsa:4096", "p256", "p384"], "default": "p256",
      "description": "Kind of its own key, which is new with each of its certificates."},
    "validity": {"type": "string", "x-certspan-duration": true, "minimum": 86400000, "maximum": 34300800000, "default": "30d",
      "description": "How long its own certificates last; 1d to 397d. They are renewed when a third is left, and at each start."},
    "lasts": {"type": "string", "x-certspan-duration": true, "minimum": 60000, "maximum": 604800000, "default": "1h",
      "description": "How long an answer counts (nextUpdate); 1m to 7d. A client may keep it for as long, whatever is revoked meanwhile."}
  }
})json";

/// Reads settings and reports every fault at its JSON pointer.
ResponderSettings read_responder_settings(std::string_view text, sdk::Faults& faults);

}  // namespace certspan::ca_local
