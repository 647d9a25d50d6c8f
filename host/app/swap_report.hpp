#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "host/loading/swap/version_book.hpp"

namespace certspan {

/// {"plugins": {ID: {"active", "previous", "history": [...]}}, "quarantine": [...]} for people: the newest
/// event last, times as text.
nlohmann::json version_book_to_json(const std::map<std::string, PluginRecord, std::less<>>& plugins,
                                    const std::map<std::string, Quarantined, std::less<>>& quarantine);

/// "2026-01-31 12:00:00.000 UTC  rolled back  1.1.0 -> 1.0.0: 5 of its 9 calls ..."
std::string history_line(const nlohmann::json& event);

}  // namespace certspan
