#pragma once

#include "host/config/config.hpp"
#include "host/config/fault.hpp"

namespace certspan {

/// Looks, without touching anything, whether the host could write its log, tell its audit heads and listen
/// for commands at the places that the configuration names. What only a service manager will make is a
/// warning.
void try_places(const HostSection& host, Faults& faults);

}  // namespace certspan
