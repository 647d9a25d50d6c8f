// Certificates that CAs of this host have issued, but not to work of this journal.
#pragma once

#include "host/pipeline/runtime.hpp"

namespace certspan {

/// What `order` names by its serial number among the CAs of `step`, asked one after the other, as an item
/// that has no id: issuer, certificate and labels. Errors: revocation.not_found, .ambiguous, .foreign (no
/// device's: a CA, or one that signs OCSP), and those of asking. Blocks: on a thread that may call
/// connectors.
Result<WorkItem> find_foreign(const WorkItem& order, const Step& step, const RunningConfig& config);

}  // namespace certspan
