#include "host/app/swap_report.hpp"

#include <fmt/format.h>

#include "host/app/work_report.hpp"

namespace certspan {

nlohmann::json version_book_to_json(const std::map<std::string, PluginRecord, std::less<>>& plugins,
                                    const std::map<std::string, Quarantined, std::less<>>& quarantine) {
  nlohmann::json json = {{"plugins", nlohmann::json::object()}, {"quarantine", nlohmann::json::array()}};
  for (const auto& [plugin, record] : plugins) {
    nlohmann::json history = nlohmann::json::array();
    for (const SwapEvent& event : record.history) {
      history.push_back({{"at", to_wall_text(event.at)},
                         {"event", to_string(event.kind)},
                         {"from", event.from},
                         {"to", event.to},
                         {"sha256", event.sha256},
                         {"reason", event.reason}});
    }
    json["plugins"][plugin] = {{"active", record.active ? record.active->version : ""},
                               {"previous", record.previous ? record.previous->version : ""},
                               {"history", std::move(history)}};
  }
  for (const auto& [sha256, entry] : quarantine) {
    json["quarantine"].push_back({{"sha256", sha256},
                                  {"plugin", entry.plugin},
                                  {"version", entry.version},
                                  {"at", to_wall_text(entry.at)},
                                  {"reason", entry.reason}});
  }
  return json;
}

std::string history_line(const nlohmann::json& event) {
  const auto text = [&](const char* key) { return event.value(key, std::string()); };
  const std::string from = text("from").empty() ? "" : text("from") + " -> ";
  return fmt::format("{}  {:11}  {}{}{}", text("at"), text("event"), from, text("to"),
                     text("reason").empty() ? "" : ": " + text("reason"));
}

}  // namespace certspan
