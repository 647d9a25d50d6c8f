// The connector type `scep_server`: one SCEP endpoint.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/actions.hpp>
#include <certspan/connector.hpp>

#include "plugins/common/pki/scep_message.hpp"
#include "plugins/ndes/scep_server/create_ra.hpp"
#include "plugins/ndes/scep_server/endpoint_cas.hpp"
#include "plugins/ndes/scep_server/next_ca.hpp"
#include "plugins/ndes/scep_server/pki_operation.hpp"
#include "plugins/ndes/scep_server/ra_desk.hpp"
#include "plugins/ndes/scep_server/scep_schema.hpp"
#include "plugins/ndes/scep_server/scep_settings.hpp"

namespace certspan::scep {

// GetCACaps, GetCACert and PKIOperation, by GET and POST, on the paths of the settings and everything below
// them. `handle` and `reply` may run on many threads at once: nothing changes after the constructor but the
// snapshots of the CAs and of the RAs, which guard themselves.
class ScepServer final : public sdk::Source, public sdk::Actions {
 public:
  static constexpr const char* kName = "scep_server";
  static constexpr const char* kSummary = "A SCEP endpoint (RFC 8894) that takes the place of NDES.";
  static constexpr const char* kSettingsSchema = kScepServerSchema;
  static constexpr const auto& kActions = kScepServerActions;
  static bool validate_settings(std::string_view settings, sdk::Faults& faults);
  static std::optional<std::string> run_offline(std::string_view name, std::string_view arguments,
                                                sdk::Faults& faults);

  // Reads the RA's files; throws sdk::SettingsFault if they are no RA.
  ScepServer(sdk::Host host, std::string_view name, std::string_view settings);

  bool start(sdk::Faults& faults) override;
  void stop() override;
  bool open_intake(sdk::Faults& faults) override;
  void handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) override;
  void reply(const sdk::Reply& reply, sdk::Bytes context, sdk::Exchange& exchange) override;
  std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                        sdk::Faults& faults) override;

 private:
  void answer_capabilities(sdk::Exchange& exchange);
  void answer_ca_cert(sdk::Exchange& exchange);
  void answer_next_ca(sdk::Exchange& exchange);
  void answer_crl(const sdk::HttpRequest& request, sdk::Exchange& exchange) const;
  void send_certificate(const sdk::Reply& reply, const MessageContext& context, const RaSet& ras,
                        sdk::Exchange& exchange);
  void warn_about_ra() const;
  void warn_about_ra_of(const RaIdentity& ra, const CaSnapshot& cas) const;
  std::string status() const;
  std::int64_t now() const;

  sdk::Host host_;
  ScepSettings settings_;
  std::string capabilities_;
  pkcs11::TokenKeys tokens_;
  RaDesk ras_;
  EndpointCas cas_;
  NextCa next_ca_;
  std::once_flag looked_at_ra_;
  ReplyCache cache_;
  PkiOperation operation_;
};

}  // namespace certspan::scep
