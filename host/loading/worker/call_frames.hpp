#pragma once

#include <certspan/abi/base.h>

#include "host/loading/worker/frame.hpp"

namespace certspan::worker {

// Frames of calls that more than one place writes or reads.

/// In the place of the host's clocks and levels, for a call that has no host.
void write_no_facts(FrameWriter& call);

/// Faults and an outcome, as FaultWriter in plugin_runner.cpp writes them. `faults` may be null.
certspan_outcome read_report(FrameReader& frame, const certspan_fault_sink* faults);

/// A report and what the action printed.
certspan_outcome read_action(FrameReader& frame, const certspan_bytes_sink* result,
                             const certspan_fault_sink* faults);

}  // namespace certspan::worker
