// The descriptor of the plugin `intune`.
#include <certspan/plugin.hpp>

#include "plugins/intune/revocation_orders/revocation_orders.hpp"
#include "plugins/intune/scep_validator/scep_validator.hpp"

CERTSPAN_PLUGIN(certspan::intune::ScepValidator, certspan::intune::RevocationOrders)
