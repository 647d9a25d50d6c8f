#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/journal/journal.hpp"
#include "host/journal/key_rotation.hpp"

namespace certspan {

// What `certspan journal` prints, for programs and for people.

nlohmann::json inspection_to_json(const Journal::Inspection& found);
nlohmann::json compaction_to_json(const Journal::Compaction& sizes);
nlohmann::json rotation_to_json(const KeyRotation& rotation);

/// `found`, `sizes` and `rotation` as made above, by this host or another.
std::string tell_inspection(const nlohmann::json& found);
std::string tell_compaction(const nlohmann::json& sizes);
std::string tell_rotation(const nlohmann::json& rotation);

}  // namespace certspan
