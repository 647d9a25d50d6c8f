#pragma once

#include <cstddef>
#include <string>

#include "host/base/result.hpp"
#include "host/journal/item_filter.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace certspan {

/// How work items are chosen on the command line, as it was written.
struct FilterOptions {
  std::string state;
  std::string pipeline;
  std::string source;
  std::string connector;
  std::string since;
  std::string until;
  std::string transaction;
  std::string serial;
  std::string subject;
  std::string name;
  bool open_only = false;
  std::size_t limit = 0;  ///< 0: all

  /// Whether any of them chooses; a limit alone does not.
  bool chooses() const;
  /// Errors: work.bad_filter.
  Result<ItemFilter> read() const;
};

/// Adds the options that choose what is there at some time; `options` outlives the command.
void add_filter_options(CLI::App& command, FilterOptions& options);
/// Adds those that name somebody: --transaction, --serial, --subject, --name.
void add_naming_options(CLI::App& command, FilterOptions& options);

}  // namespace certspan
