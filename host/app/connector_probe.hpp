#pragma once

#include "host/config/check_types.hpp"
#include "host/loading/plugin.hpp"

namespace certspan {

/// Has a connector look at its settings, be made and be destroyed in a child process first, so that one that
/// crashes, loops or ends the process does so there. The product's own plugins are not tried: they are tested
/// with the host. What the connector says of its settings is not told here. Blocks, at most some seconds.
/// Errors: those of run_probe.
Result<void> probe_connector(const PreparedConnector& prepared, const Plugin& plugin);

/// The argument that makes this program such a child, and what the child does.
inline constexpr const char* kProbeConnector = "--probe-connector";
[[noreturn]] void connector_probe_main();

}  // namespace certspan
