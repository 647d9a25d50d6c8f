// Named commands: make a CA or bring one under a company's root, certify the host's own RA and listeners.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/actions.hpp>

#include "plugins/ca_local/action_schemas.hpp"
#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/outside_cas.hpp"
#include "plugins/ca_local/settings.hpp"

namespace certspan::ca_local {

inline constexpr sdk::ActionSpec kActionSpecs[] = {
    {pkcs11::kStatusAction, "What `certspan status` shows of the CA.", CERTSPAN_PERSON_VIEWER, 0,
     pkcs11::kStatusArguments},
    {"create_ca", "Makes a certificate authority with a self-signed certificate.", CERTSPAN_PERSON_ADMIN,
     CERTSPAN_ACTION_OFFLINE, action_schemas::kCreateCa},
    {"certify_ra", "Certifies a SCEP registration authority.", CERTSPAN_PERSON_ADMIN, CERTSPAN_ACTION_OFFLINE,
     action_schemas::kCertifyRa},
    {"certify_tls", "Certifies a listener of this host.", CERTSPAN_PERSON_ADMIN,
     CERTSPAN_ACTION_OFFLINE | CERTSPAN_ACTION_PRINTS_SECRET, action_schemas::kCertifyTls},
    {"certify_ocsp", "Certifies an OCSP responder of this host, with each key of the CA.",
     CERTSPAN_PERSON_ADMIN, 0, action_schemas::kCertifyOcsp},
    {"crls", "Lists the CRLs that there are.", CERTSPAN_PERSON_VIEWER, 0, pkcs11::kStatusArguments},
    {"ca_csr", "Makes a request for a CA certificate under a company's own root.", CERTSPAN_PERSON_ADMIN,
     CERTSPAN_ACTION_OFFLINE, action_schemas::kCaCsr},
    {"ca_import", "Takes the CA certificate that the company's root has signed.", CERTSPAN_PERSON_ADMIN,
     CERTSPAN_ACTION_OFFLINE, action_schemas::kCaImport},
    {"import_certificates", "Takes certificates of a CA that `renew_from` names.", CERTSPAN_PERSON_ADMIN, 0,
     action_schemas::kImportCertificates},
};

/// The CA of a running connector.
struct RunningCa {
  const Authority& authority;
  const std::vector<Authority>& previous;
  const IssuingRules& rules;
  const connector::ProfileMap& profiles;
  const OutsideCas& outside;
  const std::vector<std::string>& ocsp_responders;
};

/// Runs one. `arguments` is a JSON object, `now` seconds since 1970; `running` is null when no connector
/// runs. A JSON object, or nothing after at least one fault, whose pointer leads into the arguments.
std::optional<std::string> run_action(std::string_view name, std::string_view arguments, std::int64_t now,
                                      const RunningCa* running, sdk::Faults& faults);

}  // namespace certspan::ca_local
