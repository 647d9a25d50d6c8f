#pragma once

#include "host/app/upkeep_actions.hpp"
#include "host/base/log.hpp"
#include "host/config/config.hpp"
#include "host/pipeline/connector_set.hpp"

namespace certspan {

/// Has CAs of this host certify the keys of its own connectors that want it now: registration authorities
/// that renew themselves, and OCSP responders. When one of them is to be asked again.
AskAgain certify_own_keys(const Config& config, const ConnectorSet& connectors, Log& log);

}  // namespace certspan
