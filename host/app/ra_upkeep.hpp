#pragma once

#include "host/app/upkeep_actions.hpp"
#include "host/base/log.hpp"
#include "host/config/config.hpp"
#include "host/pipeline/connector_set.hpp"

namespace certspan {

/// Registration authorities that renew themselves: asks each source that has the actions `ra_request` and
/// `ra_take` whether a certificate is due, and has the CA that it names certify the request (action
/// `certify_ra`). That must be an issuer of the source's own pipelines, whoever asks. What can't be done is
/// logged and due again in a minute. `connectors` are started. Blocks as they do.
AskAgain certify_ras(const Config& config, const ConnectorSet& connectors, Log& log);

}  // namespace certspan
