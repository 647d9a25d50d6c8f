#pragma once

#include "host/app/upkeep_actions.hpp"
#include "host/base/log.hpp"
#include "host/config/config.hpp"
#include "host/pipeline/connector_set.hpp"

namespace certspan {

/// Writes the CRLs of all connectors that have the action `crls`, which lists them, into the directory of
/// `publish`: each whole or as it was before, and only what has changed. What can't be done is logged and due
/// again in a minute. nullopt: there is no directory. Blocks as the connectors do.
AskAgain publish_crls(const PublishCrlsSection& publish, const ConnectorSet& connectors, Log& log);

}  // namespace certspan
