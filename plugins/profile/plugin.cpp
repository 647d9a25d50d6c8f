#include <certspan/plugin.hpp>

#include "plugins/profile/fence.hpp"

CERTSPAN_PLUGIN(certspan::profile::Fence)
