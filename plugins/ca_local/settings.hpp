// The settings of a `ca` connector.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/faults.hpp>

#include "plugins/common/connector/profiles.hpp"
#include "plugins/common/connector/schema.hpp"
#include "plugins/common/pkcs11/key_setting.hpp"

namespace certspan::ca_local {

/// What stands in every certificate beside what the profile and the request say.
struct IssuingRules {
  std::vector<std::string> crl_urls;         // cRLDistributionPoints
  std::uint32_t crl_partitions = 0;          // 0: the CRL is whole
  std::vector<std::string> ca_issuers_urls;  // authorityInfoAccess: where the CA's certificate can be fetched
  std::vector<std::string> ocsp_urls;        // authorityInfoAccess: where OCSP is answered
  std::chrono::seconds backdate{300};
  std::optional<std::chrono::seconds> longest_validity;
};

/// When CRLs are made, and how long they count.
struct CrlRules {
  std::chrono::seconds every{86'400};
  std::chrono::seconds overlap{std::chrono::hours(24 * 6)};  ///< how long one counts after the next is there
  std::chrono::seconds backdate{300};                        ///< as for certificates
  std::uint32_t partitions = 0;                              ///< 0: it is whole
  std::vector<std::string> urls;                             ///< as they stand in certificates
  std::vector<std::string> delta_urls;                       ///< empty: there are no deltas
  std::chrono::seconds delta_every{3'600};
};

/// A CA that issued before the one of now; its certificates and CRLs go on.
struct PreviousCa {
  std::string certificate_file;
  pkcs11::KeyChoice key;
};

/// CAs outside whose imported certificates may renew here.
struct RenewFrom {
  std::vector<std::string> certificate_files;  ///< empty: none
  std::int64_t until = 0;                      ///< seconds since 1970; from then on they count no more
};

struct Settings {
  std::string certificate_file;
  pkcs11::KeyChoice key;
  std::string next_certificate_file;  // "" while no CA is prepared
  std::vector<PreviousCa> previous;
  RenewFrom renew_from;
  IssuingRules rules;
  CrlRules crl;
  std::vector<std::string> ocsp_responders;  // connectors that may answer in this CA's name
  connector::ProfileMap profiles;
};

/// JSON Schema of the settings.
inline constexpr auto kSettingsSchemaText = connector::join_texts(
    R"({
  "type": "object", "additionalProperties": false, "required": ["certificate_file"],
  "anyOf": [{"required": ["key"]}, {"required": ["pkcs11"]}],
  "description": "An embedded certificate authority with its key in a file or a token.",
  "properties": {
    "certificate_file": {"type": "string", "minLength": 1, "x-certspan-path": true,
      "description": "The CA's certificate, PEM, followed by those above it up to the root."},
    "key": {"type": "string", "x-certspan-secret": true,
      "description": "The CA's private key, PEM: RSA of 2048 bits or more, or EC P-256, P-384 or P-521."},
    )",
    pkcs11::kSettingSchema, R"(,
    "next_certificate_file": {"type": "string", "minLength": 1, "x-certspan-path": true,
      "description": "The certificate of the CA that will take this one's place, PEM, followed by those above it: what GetNextCACert tells, signed by this CA."},
    "previous": {"type": "array", "maxItems": 8,
      "description": "CAs that issued before this one: their certificates are known and their CRLs go on.",
      "items": {"type": "object", "additionalProperties": false, "required": ["certificate_file"],
  "anyOf": [{"required": ["key"]}, {"required": ["pkcs11"]}],
        "description": "One of them.",
        "properties": {
          "certificate_file": {"type": "string", "minLength": 1, "x-certspan-path": true,
            "description": "Its certificate, PEM, followed by those above it."},
          "key": {"type": "string", "x-certspan-secret": true, "description": "Its private key, which signs its CRLs."},
          )",
    pkcs11::kSettingSchema, R"(
        }}},
    "renew_from": {"type": "object", "additionalProperties": false, "required": ["certificate_files", "until"],
      "description": "CAs outside, such as the one behind an NDES that this endpoint replaces: certificates of theirs that were imported (certspan import certs) may renew here.",
      "properties": {
        "certificate_files": {"type": "array", "minItems": 1, "maxItems": 8,
          "items": {"type": "string", "minLength": 1, "x-certspan-path": true, "description": "Certificates of such CAs, PEM."},
          "description": "Whose certificates may be imported."},
        "until": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
          "description": "The last day, in UTC, on which they renew."}
      }},
    "crl_urls": {"type": "array", "items": {"type": "string", "pattern": "^http://"}, "maxItems": 8,
      "description": "Where the CRL can be fetched, over plain HTTP; stands in every certificate. {key_id} becomes the identifier of the CA's key, in hexadecimal."},
    "crl": {"type": "object", "additionalProperties": false,
      "description": "When CRLs are made, and how long they count.",
      "properties": {
        "every": {"type": "string", "x-certspan-duration": true, "minimum": 60000, "maximum": 31536000000, "default": "1d",
          "description": "How often a new CRL is made; 1m to 365d."},
        "overlap": {"type": "string", "x-certspan-duration": true, "minimum": 60000, "maximum": 31536000000, "default": "6d",
          "description": "How long a CRL counts after the next one is there; 1m to 365d. nextUpdate is one \"every\" and one \"overlap\" away."},
        "partitions": {"type": "integer", "minimum": 2, "maximum": 1024,
          "description": "Parts the CRL: each certificate names the part that it may stand in, in place of {partition} in crl_urls. Left out: it is whole."},
        "delta_urls": {"type": "array", "items": {"type": "string", "pattern": "^http://"}, "maxItems": 8,
          "description": "Where delta CRLs can be fetched, over plain HTTP; stands in CRLs (FreshestCRL), with {key_id} and {partition} as in crl_urls. Left out: there are none."},
        "delta_every": {"type": "string", "x-certspan-duration": true, "minimum": 60000, "maximum": 2592000000, "default": "1h",
          "description": "How often a new delta is made, if nothing is revoked before; 1m to 30d. It counts for twice as long."}
      }},
    "ca_issuers_urls": {"type": "array", "items": {"type": "string", "pattern": "^http://"}, "maxItems": 8,
      "description": "Where the CA's certificate can be fetched, over plain HTTP; stands in every certificate."},
    "ocsp_urls": {"type": "array", "items": {"type": "string", "pattern": "^http://"}, "maxItems": 8,
      "description": "Where OCSP is answered for this CA, over plain HTTP; stands in every certificate that a device gets."},
    "ocsp_responders": {"type": "array", "items": {"type": "string", "minLength": 1, "description": "Name of a connector."}, "maxItems": 16,
      "description": "Connectors of type ocsp_responder that may answer in this CA's name: it certifies their keys."},
    "longest_validity": {"type": "string", "x-certspan-duration": true, "minimum": 600000,
      "description": "No certificate lasts longer, whatever its profile says. Not set: the profile decides."},
    "backdate": {"type": "string", "x-certspan-duration": true, "maximum": 86400000, "default": "5m",
      "description": "How far notBefore lies in the past, for devices whose clock is behind; at most 1d."},
    "profiles": {"type": "object", "x-certspan-profiles": true,
      "description": "The file's profiles, put in by the host; the fence reports what is wrong with them."}
  }
})");
inline constexpr const char* kSettingsSchema = kSettingsSchemaText.data();

/// Reads settings and reports every fault at its JSON pointer. Asks no disk.
Settings read_settings(std::string_view text, sdk::Faults& faults);
/// The same without the profiles, whose faults the fence reports once for all connectors.
Settings read_own_settings(std::string_view text, sdk::Faults& faults);

/// Text of a certificate file. Nothing, after a fault at `pointer`, if it can't be read.
std::optional<std::string> read_certificate_file(const std::string& file, const std::string& pointer,
                                                 sdk::Faults& faults);

}  // namespace certspan::ca_local
