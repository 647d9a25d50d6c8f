#pragma once

#include <string>
#include <vector>

#include <certspan/abi/plugin.h>

#include "sdk/tools/plugin_check/check.hpp"

namespace certspan::check {

/// Maps the plugin into this process, for good, and calls its entry. Ends the check as failed if that can't
/// be done. Not looked at any further: what the descriptor says may be wrong.
const certspan_plugin& load_plugin(const std::filesystem::path& path);

/// The connector type `name`. Requires a sound descriptor.
const certspan_connector_type& load_type(const std::filesystem::path& path, const std::string& name);

/// The types of a descriptor as far as they can be read: those that are null, too short, nameless or
/// incomplete are left out.
std::vector<const certspan_connector_type*> readable_types(const certspan_plugin& plugin);

}  // namespace certspan::check
