// Actions that certify the host's own keys: its registration authority and its listeners.
#pragma once

#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>

#include "plugins/ca_local/actions.hpp"
#include "plugins/ca_local/arguments.hpp"

namespace certspan::ca_local {

/// digitalSignature and keyEncipherment, EKU serverAuth, no alternative names: what SCEP clients expect of a
/// registration authority, and nothing with which it could enrol in a domain.
std::optional<nlohmann::json> certify_ra(const Arguments& arguments, std::int64_t now,
                                         const RunningCa* running);

/// A server certificate for DNS names and IP addresses.
std::optional<nlohmann::json> certify_tls(const Arguments& arguments, std::int64_t now,
                                          const RunningCa* running);

/// {"certificates": [{"certificate", "ca"}...], "not_after"}: OCSPSigning and id-pkix-ocsp-nocheck (RFC 6960
/// 4.2.2.2), with the key of now and with those before it whose certificates still count.
std::optional<nlohmann::json> certify_ocsp(const Arguments& arguments, std::int64_t now,
                                           const RunningCa& running);

}  // namespace certspan::ca_local
