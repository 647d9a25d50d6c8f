#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/journal/journal.hpp"

namespace certspan {

// What `certspan journal` prints, for programs and for people.

nlohmann::json inspection_to_json(const Journal::Inspection& found);
nlohmann::json compaction_to_json(const Journal::Compaction& sizes);

/// `found` and `sizes` as made above, by this host or another.
std::string tell_inspection(const nlohmann::json& found);
std::string tell_compaction(const nlohmann::json& sizes);

}  // namespace certspan
