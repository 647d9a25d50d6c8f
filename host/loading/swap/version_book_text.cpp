// The file of a version book: JSON, read as strictly as it is written.

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "host/loading/swap/version_book.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr std::array<std::string_view, 5> kKinds = {"swapped", "committed", "rolled back", "recovered",
                                                    "released"};

Json to_json(const PluginVersion& version) {
  return {{"sha256", version.sha256},
          {"version", version.version},
          {"copy", version.copy.string()},
          {"shipped", version.shipped},
          {"state_writes", version.state_writes}};
}

Json to_json(const SwapEvent& event) {
  return {{"event", to_string(event.kind)}, {"at", event.at},        {"from", event.from}, {"to", event.to},
          {"sha256", event.sha256},         {"reason", event.reason}};
}

Json to_json(const PluginRecord& record) {
  Json json = {{"directory_sha256", record.directory_sha256}, {"unclean_ends", record.unclean_ends}};
  if (record.active) json["active"] = to_json(*record.active);
  if (record.previous) json["previous"] = to_json(*record.previous);
  if (record.trial) {
    json["trial"] = {{"before", to_json(record.trial->before)},
                     {"after", to_json(record.trial->after)},
                     {"began_at", record.trial->began_at},
                     {"stopped", record.trial->stopped}};
  }
  json["history"] = Json::array();
  for (const SwapEvent& event : record.history) json["history"].push_back(to_json(event));
  return json;
}

PluginVersion version_from(const Json& json) {
  return {json.at("sha256"), json.at("version"), json.at("copy").get<std::string>(), json.at("shipped"),
          json.at("state_writes")};
}

/// An event that this host has no word for is of a later one, and only for people.
bool is_event(const Json& json) {
  return std::ranges::find(kKinds, json.at("event").get<std::string>()) != kKinds.end();
}

SwapEvent event_from(const Json& json) {
  SwapEvent event{SwapEvent::Kind::Swapped, json.at("at"),    json.at("from"), json.at("to"),
                  json.at("sha256"),        json.at("reason")};
  const auto* kind = std::ranges::find(kKinds, json.at("event").get<std::string>());
  event.kind = static_cast<SwapEvent::Kind>(kind - kKinds.begin());
  return event;
}

PluginRecord record_from(const Json& json) {
  PluginRecord record;
  record.directory_sha256 = json.at("directory_sha256");
  record.unclean_ends = json.at("unclean_ends").get<std::map<std::string, std::uint32_t>>();
  if (json.contains("active")) record.active = version_from(json["active"]);
  if (json.contains("previous")) record.previous = version_from(json["previous"]);
  if (json.contains("trial")) {
    const Json& trial = json["trial"];
    record.trial = SwapTrial{version_from(trial.at("before")), version_from(trial.at("after")),
                             trial.at("began_at"), trial.at("stopped")};
  }
  for (const Json& event : json.at("history")) {
    if (is_event(event)) record.history.push_back(event_from(event));
  }
  return record;
}

VersionBookContent content_from(const Json& json) {
  VersionBookContent content;
  for (const auto& [plugin, record] : json.at("plugins").items()) {
    content.plugins.emplace(plugin, record_from(record));
  }
  for (const auto& [sha256, entry] : json.at("quarantine").items()) {
    content.quarantine.emplace(
        sha256, Quarantined{entry.at("plugin"), entry.at("version"), entry.at("at"), entry.at("reason")});
  }
  return content;
}

}  // namespace

std::string_view to_string(SwapEvent::Kind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::string write_version_book(const std::map<std::string, PluginRecord, std::less<>>& plugins,
                               const std::map<std::string, Quarantined, std::less<>>& quarantine) {
  Json json = {{"format", kFormat}, {"plugins", Json::object()}, {"quarantine", Json::object()}};
  for (const auto& [plugin, record] : plugins) json["plugins"][plugin] = to_json(record);
  for (const auto& [sha256, entry] : quarantine) {
    json["quarantine"][sha256] = {
        {"plugin", entry.plugin}, {"version", entry.version}, {"at", entry.at}, {"reason", entry.reason}};
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<VersionBookContent> read_version_book(std::string_view text) {
  const auto damaged = [](const std::string& what) {
    return fail(Outcome::Invalid, "plugin.version_book", what);
  };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return damaged("it is no JSON object");
  try {
    if (json.at("format") != kFormat) return damaged("it is of a later host");
    return content_from(json);
  } catch (const Json::exception&) {
    return damaged("a part of it is missing or of another kind");
  }
}

}  // namespace certspan
