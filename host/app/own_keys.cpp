#include "host/app/own_keys.hpp"

#include "host/app/ra_upkeep.hpp"
#include "host/app/responder_upkeep.hpp"

namespace certspan {

AskAgain certify_own_keys(const Config& config, const ConnectorSet& connectors, Log& log) {
  const AskAgain ras = certify_ras(config, connectors, log);
  return sooner(ras, certify_responders(connectors, log));
}

}  // namespace certspan
