#pragma once

#include <string>
#include <vector>

namespace certspan::testing {

/// Runs a scripted workload on a disk that keeps only what was synced, and cuts the power before every sync
/// and after every answer, each time with nothing, all and parts of the unsynced writes kept.
struct PowerCutSweep {
  int cuts = 0;
  /// What was reported committed and is not there after a cut, or is there by halves.
  std::vector<std::string> broken;
};

PowerCutSweep sweep_power_cuts();

/// The same for store writes while checkpoints run beside them, step by step and at the log's cap.
PowerCutSweep sweep_power_cuts_at_checkpoints();

}  // namespace certspan::testing
