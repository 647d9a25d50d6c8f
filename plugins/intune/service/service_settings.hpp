// How a tenant is reached and who we are there: the settings that every connector type of this plugin has.
#pragma once

#include <chrono>
#include <string>

#include <certspan/faults.hpp>
#include <nlohmann/json_fwd.hpp>

#include "plugins/common/pkcs11/key_setting.hpp"

namespace certspan::intune {

/// URLs end with a slash.
struct Cloud {
  std::string authority;        // gives tokens: authority + tenant + "/oauth2/v2.0/token"
  std::string graph;            // where services are discovered
  std::string graph_resource;   // what Graph's tokens are for
  std::string intune_resource;  // what Intune's tokens are for
};

struct ServiceSettings {
  std::string tenant;
  std::string client_id;
  std::string secret_token;      // opens by certspan.secrets/1; "": a certificate vouches for the app
  std::string certificate_file;  // "": a secret does
  pkcs11::KeyChoice key;
  Cloud cloud;
  std::string trust;  // PEM; "": the CAs of the machine
  std::chrono::milliseconds timeout{0};

  std::string token_url() const { return cloud.authority + tenant + "/oauth2/v2.0/token"; }
};

/// Members of a settings schema, to be joined with others.
inline constexpr char kServiceSchema[] = R"json("tenant": {
      "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$",
      "description": "The tenant: its id (a GUID) or one of its domains."
    },
    "client_id": {
      "type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
      "description": "Application (client) id of the app registration."
    },
    "certificate_file": {
      "type": "string", "minLength": 1, "x-certspan-path": true,
      "description": "PEM: the certificate that is registered for the app, with an RSA key."
    },
    "key": {
      "type": "string", "minLength": 1, "x-certspan-secret": true,
      "description": "The certificate's private key, PEM, as a reference: ${file:/etc/certspan/intune.key}"
    },
    )json";
inline constexpr char kServiceSchemaAfterKey[] = R"json(,
    "client_secret": {
      "type": "string", "minLength": 1, "x-certspan-secret": true,
      "description": "A client secret of the app, in place of a certificate."
    },
    "cloud": {
      "type": "string", "enum": ["public", "us_gov", "china"], "default": "public",
      "description": "Which of Microsoft's clouds the tenant is in."
    },
    "authority": {
      "type": "string", "minLength": 1,
      "description": "Where tokens are asked for, in place of the cloud's: https, or http on 127.0.0.1 or [::1]."
    },
    "graph": {
      "type": "string", "minLength": 1,
      "description": "Where Microsoft Graph is, in place of the cloud's; likewise."
    },
    "graph_resource": {
      "type": "string", "pattern": "^https://[^ /]+/?$",
      "description": "What tokens for Graph are asked for, in place of the cloud's."
    },
    "resource": {
      "type": "string", "pattern": "^https://[^ /]+/$",
      "description": "What tokens for Intune are asked for, in place of the cloud's; its final slash belongs to it."
    },
    "ca_certificates": {
      "type": "string",
      "description": "PEM: the only CAs that the services' certificates may come from, where TLS is inspected on the way. Default: those of the machine."
    },
    "timeout": {
      "type": "string", "x-certspan-duration": true, "minimum": 100, "maximum": 60000, "default": "10s",
      "description": "How long each of the services may take; 100ms to 1m."
    })json";

/// Reads what fits the schema and reports what the schema can't say: one of secret and certificate, URLs that
/// keep secrets, a cloud whose addresses are not known here.
ServiceSettings read_service_settings(const nlohmann::json& settings, sdk::Faults& faults);

}  // namespace certspan::intune
