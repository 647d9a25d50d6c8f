#include "host/app/filter_options.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "host/app/filter_words.hpp"
#include "host/base/clock.hpp"

namespace certspan {

bool FilterOptions::chooses() const {
  const auto words = {&state, &pipeline,    &source, &connector, &since,
                      &until, &transaction, &serial, &subject,   &name};
  return open_only || std::ranges::any_of(words, [](const std::string* word) { return !word->empty(); });
}

Result<ItemFilter> FilterOptions::read() const {
  nlohmann::json words = {
      {"state", state},     {"pipeline", pipeline}, {"source", source},           {"connector", connector},
      {"since", since},     {"until", until},       {"transaction", transaction}, {"serial", serial},
      {"subject", subject}, {"name", name},         {"open", open_only}};
  if (limit > 0) words["limit"] = limit;
  return read_filter(words, SystemClock().wall_ms());
}

void add_filter_options(CLI::App& command, FilterOptions& options) {
  command.add_option("--state", options.state, "ready, calling, pending, held, done, failed or dead");
  command.add_flag("--open", options.open_only, "only those that are not finished");
  command.add_option("--pipeline", options.pipeline, "only those of this pipeline");
  command.add_option("--source", options.source, "only those that came through this connector");
  command.add_option("--connector", options.connector, "only those whose steps name this connector");
  command.add_option("--since", options.since,
                     "accepted then or later: 2026-11-22T08:00:00Z, or how long ago, as 2h or 7d");
  command.add_option("--until", options.until, "accepted before: as --since");
  add_naming_options(command, options);
}

void add_naming_options(CLI::App& command, FilterOptions& options) {
  command.add_option("--transaction", options.transaction, "only those with this transaction id");
  command.add_option("--serial", options.serial,
                     "only the one whose certificate has this number (hexadecimal)");
  command.add_option("--subject,--text", options.subject, "only those with this in their subject");
  command.add_option("--name,--device,--user", options.name,
                     "only those with this whole name, id or address of a device or user");
}

}  // namespace certspan
