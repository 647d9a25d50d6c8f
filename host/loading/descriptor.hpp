#pragma once

#include <optional>

#include <certspan/abi/plugin.h>

#include "host/base/result.hpp"
#include "host/loading/elf_note.hpp"

namespace certspan {

/// What is wrong with the descriptor that a plugin's entry returned, or nothing: contract version, id,
/// version, types and roles as in the note; every type complete, its schema a JSON object; role tables long
/// enough; unknown interface ids and known ones with something behind them answered with null. Calls
/// `interface_table` of each type and no other code of the plugin.
///
/// Codes: plugin.other_build, plugin.bad_descriptor.
std::optional<Error> descriptor_fault(const certspan_plugin* plugin, const PluginNote& note);

}  // namespace certspan
