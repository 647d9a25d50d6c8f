// The descriptor of the plugin `ndes`.
#include <certspan/plugin.hpp>

#include "plugins/ndes/approval/approval.hpp"
#include "plugins/ndes/challenge/challenge.hpp"
#include "plugins/ndes/renewal/renewal.hpp"
#include "plugins/ndes/scep_server/scep_server.hpp"
#include "plugins/ndes/webhook/webhook.hpp"

CERTSPAN_PLUGIN(certspan::scep::ScepServer, certspan::scep::Challenge, certspan::scep::Renewal,
                certspan::scep::Approval, certspan::scep::Webhook)
