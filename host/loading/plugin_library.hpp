#pragma once

#include <filesystem>

#include <certspan/abi/plugin.h>

#include "host/base/result.hpp"

namespace certspan {

/// A shared library that is mapped into this process, for good. The only file that knows Boost.DLL is the one
/// behind this header.
class PluginLibrary {
 public:
  /// Maps `path`, binding every symbol now and showing none to others, and runs its constructors. A path that
  /// is mapped already gives the old image whatever stands in the file now, so `path` must name its content.
  /// Errors, with dlerror's text and what to do: plugin.undefined_symbol, plugin.missing_library,
  /// plugin.load_failed, plugin.threw, plugin.no_symbol.
  static Result<PluginLibrary> open(const std::filesystem::path& path);

  /// What the entry symbol returns; not looked at yet.
  const certspan_plugin* describe() const { return entry_(); }

 private:
  using Entry = const certspan_plugin*();
  explicit PluginLibrary(Entry* entry) : entry_(entry) {}

  Entry* entry_;
};

}  // namespace certspan
