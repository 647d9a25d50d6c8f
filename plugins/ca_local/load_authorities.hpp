// The CAs that a connector's settings name: that of now, those before it, and the one that comes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <certspan/faults.hpp>
#include <certspan/host.hpp>

#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/settings.hpp"

namespace certspan::ca_local {

/// The CA that issues; nothing, after a fault, if it can't at `now` (seconds since 1970). Keys that lie in
/// tokens are opened by `tokens`, which throws sdk::SettingsFault.
std::optional<Authority> load_issuing(const sdk::Host& host, const Settings& settings, std::int64_t now,
                                      pkcs11::TokenKeys& tokens, sdk::Faults& faults);
/// Those that issued before. Their certificates may have ended.
std::vector<Authority> load_previous(const sdk::Host& host, const Settings& settings, std::int64_t now,
                                     pkcs11::TokenKeys& tokens, sdk::Faults& faults);
/// The chain of the CA that comes, which may not be valid yet. Empty where the settings name none, or after a
/// fault.
std::vector<pki::Certificate> load_next(const Settings& settings, std::int64_t now, sdk::Faults& faults);

/// Judges the certificate files of all of them, without their keys.
void check_certificate_files(const Settings& settings, std::int64_t now, sdk::Faults& faults);

}  // namespace certspan::ca_local
