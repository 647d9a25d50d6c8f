#include "host/app/journal_report.hpp"

#include <fmt/format.h>

namespace certspan {
namespace {

std::string in_mb(const nlohmann::json& object, const char* name) {
  return fmt::format("{:.1f} MB", object.value(name, 0.0) / 1e6);
}

}  // namespace

nlohmann::json inspection_to_json(const Journal::Inspection& found) {
  return {{"open", found.open},       {"finished", found.finished}, {"dead", found.dead},
          {"records", found.records}, {"bytes", found.bytes},       {"free_bytes", found.free_bytes},
          {"faults", found.faults}};
}

nlohmann::json compaction_to_json(const Journal::Compaction& sizes) {
  return {{"before_bytes", sizes.before_bytes}, {"after_bytes", sizes.after_bytes}};
}

nlohmann::json rotation_to_json(const KeyRotation& rotation) {
  return {{"key", rotation.key}, {"items", rotation.items}, {"resumed", rotation.resumed}};
}

std::string tell_rotation(const nlohmann::json& rotation) {
  return fmt::format(
      "{}the journal has a new key ({}); {} open items and dead letters are sealed with it, and the old key "
      "is "
      "overwritten\nbackups made before hold the old key and what it opens: make a new one, then see to "
      "those\n",
      rotation.value("resumed", false) ? "went on with a rotation that had not ended\n" : "",
      rotation.value("key", ""), rotation.value("items", std::uint64_t{0}));
}

std::string tell_inspection(const nlohmann::json& found) {
  std::string text;
  for (const auto& fault : found["faults"]) text += "  ! " + fault.get<std::string>() + "\n";
  text += fmt::format(
      "{} open items, {} finished, {} dead letters, {} records of connectors; {}, of which {} free\n",
      found.value("open", 0), found.value("finished", 0), found.value("dead", 0), found.value("records", 0),
      in_mb(found, "bytes"), in_mb(found, "free_bytes"));
  text += found["faults"].empty()
              ? "the journal is sound\n"
              : "the journal is damaged: keep a copy of the whole directory, then put a backup back\n";
  return text;
}

std::string tell_compaction(const nlohmann::json& sizes) {
  return "the journal took " + in_mb(sizes, "before_bytes") + ", and now takes " +
         in_mb(sizes, "after_bytes") + "\n";
}

}  // namespace certspan
