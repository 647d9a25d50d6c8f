#include "host/app/backup_report.hpp"

#include <chrono>

#include <fmt/format.h>

#include "host/app/work_report.hpp"
#include "host/base/bytes.hpp"

namespace certspan {
namespace {

using backup::Part;

std::string_view part_in_words(Part part) {
  switch (part) {
    case Part::Journal:
      return "journal, with the stores of connectors and the ledger of an embedded CA";
    case Part::JournalKey:
      return "key that sealed requests in the journal are opened with";
    case Part::AuditKey:
      return "key that signs the head of the audit chain";
    case Part::Config:
      return "configuration";
    case Part::File:
      return "named by the configuration";
  }
  return "";
}

std::string age_in_words(WallMs made_at, WallMs now) {
  const auto age = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::milliseconds(now - made_at));
  if (age.count() < 0) return "by this machine's clock it is from the future";
  if (age < std::chrono::hours(2)) return fmt::format("{} minutes old", age.count());
  if (age < std::chrono::hours(48)) return fmt::format("{} hours old", age.count() / 60);
  return fmt::format("{} days old", age.count() / 60 / 24);
}

std::string tell_files(const backup::Manifest& manifest) {
  std::string text;
  for (const backup::BackupFile& file : manifest.files) {
    text += fmt::format("  {}: {}, {} bytes\n", file.place.string(), part_in_words(file.part), file.size);
  }
  return text;
}

std::string tell_provided(const backup::Manifest& manifest) {
  if (manifest.provided.empty()) return {};
  std::string text = "not in it, and needed by the host:\n";
  for (const std::string& each : manifest.provided) text += "  " + each + "\n";
  return text;
}

}  // namespace

nlohmann::json manifest_to_json(const backup::Manifest& manifest) {
  nlohmann::json files = nlohmann::json::array();
  for (const backup::BackupFile& file : manifest.files) {
    files.push_back({{"place", file.place.string()}, {"size", file.size}, {"sha256", to_hex(file.sha256)}});
  }
  return {{"certspan", manifest.version},
          {"schema", manifest.schema},
          {"made_at", to_wall_text(manifest.made_at)},
          {"audit", {{"number", manifest.audit.number}, {"hash", to_hex(manifest.audit.hash)}}},
          {"files", std::move(files)},
          {"not_contained", manifest.provided}};
}

std::string tell_created(const backup::Manifest& manifest, const std::filesystem::path& out, bool plain) {
  std::string text = "wrote " + out.string() + (plain ? ", NOT encrypted" : ", encrypted") + "; it holds\n" +
                     tell_files(manifest) + tell_provided(manifest);
  text += fmt::format("the audit chain in it ends at number {}\n", manifest.audit.number);
  text += plain ? "whoever has this file has the keys in it\n"
                : "without the passphrase it is worth nothing: keep that elsewhere\n";
  return text;
}

std::string tell_verified(const backup::Manifest& manifest, WallMs now) {
  return fmt::format("whole: made by certspan {} at {}, {}; it holds\n", manifest.version,
                     to_wall_text(manifest.made_at), age_in_words(manifest.made_at, now)) +
         tell_files(manifest) + tell_provided(manifest);
}

std::string tell_restored(const Restored& restored, const std::filesystem::path& to, bool nothing_lost) {
  const backup::Manifest& manifest = restored.manifest;
  std::string text =
      fmt::format("put back below {} from a backup of {}, {}:\n", to.string(), to_wall_text(manifest.made_at),
                  age_in_words(manifest.made_at, restored.at)) +
      tell_files(manifest) +
      fmt::format("the journal is sound: {} open items, {} finished, {} dead letters\n",
                  restored.journal.open, restored.journal.finished, restored.journal.dead) +
      tell_provided(manifest);
  text += fmt::format(
      "\nwhat was done after {} is not in it:\n"
      "  heads of the audit chain after number {} that were told outside do not hold against it, as "
      "`certspan audit verify` says: keep them, and begin a new file for host.audit\n",
      to_wall_text(manifest.made_at), manifest.audit.number);
  if (!nothing_lost) {
    text +=
        "  for host.repeat_window from its first start every CA outside is asked what it did before it "
        "issues\n"
        "  one-time challenges that were used since then are good again, newer ones are unknown; "
        "certificates "
        "of an embedded CA of that time are valid, but not in its ledger\n";
  }
  const std::string config = manifest.file(Part::Config).place.string();
  text += "\nnext:\n  move what stands below " + to.string() +
          " to its places, for the host's user alone\n  certspan check " + config +
          "\n  certspan run --config " + config + "\n";
  return text;
}

}  // namespace certspan
