#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// What a plugin's file says about itself, read without running any of its code (<certspan/abi/elf_note.h>).
struct PluginNote {
  std::string id;
  std::string version;
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::uint32_t abi_build = 0;
  std::vector<std::string> roles;  ///< "issuer", ...
  std::vector<std::string> types;  ///< names of connector types
  bool needs_network = false;      ///< it opens sockets of its own
  /// Of what it keeps in its stores: the oldest version that it reads, and the one that it writes.
  std::uint32_t state_reads = 1;
  std::uint32_t state_writes = 1;

  /// Libraries that it needs beside itself; read from the dynamic section.
  std::vector<std::string> needed;
  /// Linked `-z nodelete`.
  bool nodelete = false;
  /// Built by Go, whose runtime it brings.
  bool go_runtime = false;
};

/// Reads the note of a shared library and looks at its table of symbols. The file is hostile input: every
/// offset is checked, work is bounded by its size.
///
/// Errors, whose messages leave the file's name to the caller: plugin.not_elf, plugin.truncated,
/// plugin.wrong_machine, plugin.damaged, plugin.not_ours (no note), plugin.other_build (another contract than
/// this host's), plugin.no_symbol (the entry is not exported), plugin.extra_symbols (more than the entry is).
Result<PluginNote> read_plugin_note(BytesView file);

/// Whether the note is of the plugin `id`, after which its file is named. Error plugin.other_id.
Result<void> check_plugin_id(std::string_view id, const PluginNote& note);

/// "0.9 build 1".
std::string abi_text(std::uint16_t major, std::uint16_t minor, std::uint32_t build);

/// The refusal of a plugin that was built for the contract `theirs` (abi_text).
Error other_build(const std::string& theirs);

}  // namespace certspan
