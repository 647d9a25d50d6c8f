#include <certspan/plugin.hpp>

#include "plugins/ca_local/local_ca.hpp"
#include "plugins/ca_local/ocsp_responder/ocsp_responder.hpp"

CERTSPAN_PLUGIN(certspan::ca_local::LocalCa, certspan::ca_local::OcspResponder)
