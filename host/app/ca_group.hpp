#pragma once

#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/pipeline/runtime.hpp"

namespace certspan {

/// The CAs that stand in for each other in one step have to be of one group, under the same root: devices
/// trust what GetCACert gave them, and relying parties one root. Reports a step whose CAs are of several,
/// unless its pipeline says `danger_mixed_chains`. A CA that can't be asked for its chain now is passed over.
/// Blocks as the connectors do, which are started.
void check_ca_groups(const Config& config, const RunningConfig& running, Faults& faults);

}  // namespace certspan
