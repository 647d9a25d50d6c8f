#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/journal/work_item.hpp"

namespace certspan {

/// A work item for people and programs: everything but its secrets (the request is named by its digest
/// alone).
nlohmann::json work_to_json(const WorkItem& item);

/// The story of one request in words: what arrived, what was asked of whom, what came of it, and what to do
/// next.
std::string tell_story(const nlohmann::json& work);

/// A line for `work list`.
std::string work_line(const nlohmann::json& work);

/// "2026-03-01 12:00:00.250 UTC"
std::string to_wall_text(WallMs at);

}  // namespace certspan
