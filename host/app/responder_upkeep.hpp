#pragma once

#include "host/app/upkeep_actions.hpp"
#include "host/base/log.hpp"
#include "host/pipeline/connector_set.hpp"

namespace certspan {

/// OCSP responders whose keys CAs of this host certify: asks each connector that has the actions
/// `ocsp_request` and `ocsp_take` whether certificates are due, and has the issuers that it names certify the
/// request (action `certify_ocsp`, which is told who asks and decides). What can't be done is logged and due
/// again in a minute. `connectors` are started. Blocks as they do.
AskAgain certify_responders(const ConnectorSet& connectors, Log& log);

}  // namespace certspan
