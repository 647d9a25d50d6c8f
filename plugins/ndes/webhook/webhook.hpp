// The connector type `webhook`: the company's own service says whether a challenge may pass, and is told how
// requests ended.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <certspan/connector.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/ndes/webhook/webhook_body.hpp"

namespace certspan::scep {

// Asks in the wire format of step-ca (SCEPCHALLENGE), and tells in it (NOTIFYING). Only a whole, sound answer
// that says `allow` and names this very request lets it through. Neither challenge nor secret is logged or
// part of an answer.
class Webhook final : public sdk::Validator, public sdk::Deliverer {
 public:
  static constexpr const char* kName = "webhook";
  static constexpr const char* kSummary =
      "Asks a service of yours whether a SCEP challenge may pass, and tells it how requests ended.";
  // A service that does not answer keeps its own requests waiting, and no others.
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  static constexpr const char* kSettingsSchema = R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "required": ["url", "id", "secret"],
  "description": "Asks a service of yours whether a SCEP challenge may pass, and tells it how requests ended.",
  "properties": {
    "url": {
      "type": "string",
      "minLength": 1,
      "description": "Where the service takes POST: https, or http on 127.0.0.1 or [::1]."
    },
    "id": {
      "type": "string",
      "pattern": "^[A-Za-z0-9._-]{1,128}$",
      "description": "The webhook's id, sent as X-Smallstep-Webhook-ID."
    },
    "secret": {
      "type": "string",
      "minLength": 1,
      "x-certspan-secret": true,
      "description": "The key that signs each question, in base64; at least 16 bytes."
    },
    "ca_certificates": {
      "type": "string",
      "description": "PEM: the only CAs that the service's certificate may come from. Default: those of the machine."
    },
    "timeout": {
      "type": "string",
      "x-certspan-duration": true,
      "minimum": 100,
      "maximum": 60000,
      "default": "10s",
      "description": "How long the service may take; 100ms to 1m."
    },
    "danger_no_echo": {
      "type": "boolean",
      "default": false,
      "description": "Takes answers that do not name the request by csrSha256."
    }
  }
})json";
  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  Webhook(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  sdk::Answer validate(const sdk::Item& item) override;
  // Never refuses for good: what the service answers but 2xx is its administrator's to mend.
  sdk::Answer deliver(const sdk::Item& item, const sdk::Delivery& delivery) override;

 private:
  Occasion occasion_of(const sdk::Item& item) const;
  sdk::HttpOutReply post(pki::BytesView body) const;
  sdk::Answer ask(pki::BytesView body, pki::BytesView csr) const;

  sdk::Host host_;
  std::string url_;
  std::string id_;
  std::string secret_token_;
  std::string trust_;
  std::chrono::milliseconds timeout_{0};
  bool danger_no_echo_ = false;
  pki::SecretBytes secret_;
};

}  // namespace certspan::scep
