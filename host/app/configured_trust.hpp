#pragma once

#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/loading/trust/plugin_trust.hpp"

namespace certspan {

/// The trust that a configuration speaks of: reads the public keys and the list of revoked files that it
/// names. What can't be read, is no key, is named twice, or may be changed by others is an error at its place
/// (FaultCode::TrustFile), and is left out. May block.
PluginTrust read_trust(const Config& config, Faults& faults);

/// The trust of a program without configuration: in its own plugins alone.
PluginTrust trust_in_own_plugins();

}  // namespace certspan
