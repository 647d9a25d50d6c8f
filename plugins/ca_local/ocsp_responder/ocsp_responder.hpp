// The connector type `ocsp_responder`: says how certificates stand (RFC 6960).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <certspan/actions.hpp>
#include <certspan/connector.hpp>

#include "plugins/ca_local/ocsp_responder/answer_shelf.hpp"
#include "plugins/ca_local/ocsp_responder/delegate_desk.hpp"
#include "plugins/ca_local/ocsp_responder/responder_settings.hpp"
#include "plugins/common/pki/ocsp_response.hpp"

namespace certspan::ca_local {

inline constexpr const char* kNoArguments =
    R"({"type": "object", "additionalProperties": false, "description": "It takes none.", "properties": {}})";
inline constexpr const char* kOcspTakeArguments = R"({
  "type": "object", "additionalProperties": false, "required": ["certificates"],
  "description": "The certificates for the key of the last request.",
  "properties": {
    "certificates": {"type": "array", "minItems": 1, "maxItems": 256, "description": "One for each key of a CA.",
      "items": {"type": "object", "additionalProperties": false, "required": ["certificate", "ca"], "description": "A pair.",
        "properties": {
          "certificate": {"type": "string", "description": "The responder's certificate, PEM."},
          "ca": {"type": "string", "description": "The certificate of the CA that signed it, PEM."}}}}
  }})";

inline constexpr sdk::ActionSpec kResponderActions[] = {
    {"status", "What `certspan status` shows of the responder.", CERTSPAN_PERSON_VIEWER, 0, kNoArguments},
    {"ocsp_request", "Asks for certificates for the responder's key; the host does that.",
     CERTSPAN_PERSON_ADMIN, 0, kNoArguments},
    {"ocsp_take", "Takes those certificates; the host does that.", CERTSPAN_PERSON_ADMIN, 0,
     kOcspTakeArguments},
};

/// What is asked for a certificate is asked of its CA each time, so an answer is never older than that; what
/// is signed already and says the same is handed out again. Holds no key of any CA. It answers in the name of
/// the CAs that certified it, and to everybody else "unauthorized".
class OcspResponder final : public sdk::Source, public sdk::Actions {
 public:
  static constexpr const char* kName = "ocsp_responder";
  static constexpr const char* kSummary = "An OCSP responder (RFC 6960) for this host's CAs.";
  static constexpr const char* kSettingsSchema = kResponderSchema;
  static constexpr std::uint32_t kSourceFlags = CERTSPAN_SOURCE_BRINGS_NO_WORK;
  static constexpr auto& kActions = kResponderActions;
  static bool validate_settings(std::string_view settings, sdk::Faults& faults);

  OcspResponder(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  bool open_intake(sdk::Faults& faults) override;
  void handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) override;
  std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                        sdk::Faults& faults) override;

 private:
  using Statuses = std::vector<pki::OcspSingle>;

  SignedAnswer answer_to(pki::BytesView der);
  SignedAnswer refusal(pki::OcspError error);
  /// Ok, Rejected: of no CA of ours; Unavailable.
  sdk::Outcome ask_issuers(const pki::CertId& id, pki::Bytes& status) const;
  sdk::Outcome look_up(const pki::OcspRequest& request, const Mandate& mandate, Statuses& statuses) const;
  SignedAnswer sign(const pki::OcspRequest& request, const std::shared_ptr<const Delegate>& delegate,
                    const Mandate& mandate, const Statuses& statuses);
  std::string status() const;
  std::int64_t now() const;

  sdk::Host host_;
  ResponderSettings settings_;
  DelegateDesk desk_;
  AnswerShelf shelf_;
  std::atomic<std::uint64_t> signed_{0};
  std::atomic<std::uint64_t> repeated_{0};  // from the shelf
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace certspan::ca_local
