// The JSON Schema of a profile, as a constant, so that plugins can put it into their own at compile time.
#pragma once

namespace certspan::pki {

// JSON Schema (draft 7) of what `parse_profile` reads.
inline constexpr char kProfileSchema[] = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "subject": { "enum": ["from_request"], "description": "where the subject comes from" },
    "subject_required": { "type": "boolean", "description": "refuse requests with an empty subject" },
    "san": { "type": "array", "description": "kinds of alternative names that may be asked for; dns_wildcard is dns and *.example.com",
      "items": { "enum": ["dns", "dns_wildcard", "email", "uri", "ip", "upn"] } },
    "key_usage": { "type": "array", "description": "the most that may be asked for, and what is given by default",
      "items": { "enum": ["digital_signature", "non_repudiation", "content_commitment", "key_encipherment",
        "data_encipherment", "key_agreement", "encipher_only", "decipher_only"] } },
    "eku": { "type": "array", "description": "extended key usages, by name or as dotted object identifier",
      "items": { "type": "string" } },
    "validity": { "type": "string", "pattern": "^[0-9]+[smhdw]$", "description": "lifetime, such as 365d" },
    "keys": { "type": "array", "minItems": 1, "description": "kinds of keys that are certified: rsa>=N, p256, p384, p521",
      "items": { "type": "string", "pattern": "^(rsa>=[0-9]+|p256|p384|p521)$" } },
    "sid": { "enum": ["refuse", "pass", "extension"], "description": "security identifiers that a validator found good: refuse, let the SAN URI pass, or write the extension too" },
    "adds": { "type": "array", "description": "what is given to requests without it behind a device-management service",
      "items": { "enum": ["key_usage", "eku"] } }
  }
})";

}  // namespace certspan::pki
