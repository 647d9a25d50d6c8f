#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace certspan {

/// Lines of `certspan work export`, from a work item as work_to_json has it. The names of the fields and
/// their order are documented (docs/command-line.md) and stay; new ones come last. Thread-safe, all.

/// A line of JSON. `certificates`: with the field `certificate`.
std::string export_ndjson(const nlohmann::json& work, bool certificates);

/// The names of the columns.
std::string export_csv_header(bool certificates);
/// A line of CSV (RFC 4180). Subjects come from strangers, so a cell that a spreadsheet would take for a
/// formula has an apostrophe before it.
std::string export_csv(const nlohmann::json& work, bool certificates);

}  // namespace certspan
