#include <certspan/plugin.hpp>

#include "plugins/ca_local/local_ca.hpp"

CERTSPAN_PLUGIN(certspan::ca_local::LocalCa)
