#include "host/backup/manifest.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "host/base/bytes.hpp"

namespace certspan::backup {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kLongestPath = 4000;
constexpr std::array<std::string_view, 5> kParts = {"journal", "journal_key", "audit_key", "config", "file"};
constexpr WallMs kEndOfYear9999 = 253'402'300'799'999;

std::string_view word_of(Part part) {
  return kParts.at(static_cast<std::size_t>(part));
}

bool printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

/// "data/journal.db": words of lower-case letters, digits, "." and "_", none of which begins with a dot.
bool good_name(std::string_view name) {
  bool begins = true;
  for (const char c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c == '.' && !begins);
    if (!word && (c != '/' || begins)) return false;
    begins = c == '/';
  }
  return !name.empty() && !begins && name.size() <= 100 && name != kManifestName;
}

bool good_place(const std::filesystem::path& place) {
  return place.is_absolute() && place.has_filename() && place.native().size() <= kLongestPath &&
         place.native() == place.lexically_normal().native() && printable(place.native());
}

tl::unexpected<Error> damaged_manifest(const std::string& what) {
  return fail(Outcome::Rejected, "backup.damaged", "the backup's manifest " + what);
}

/// Throws Json::exception, as everything here does; `read_manifest` catches it.
AuditHash hash_from(const Json& object, const char* name) {
  AuditHash hash{};
  const auto bytes = from_hex(object.at(name).get<std::string>());
  if (!bytes || bytes->size() != hash.size()) throw Json::other_error::create(500, "no SHA-256", nullptr);
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

/// Whole and not negative, which the library does not insist on.
std::uint64_t number_from(const Json& object, const char* name, std::int64_t most = INT64_MAX) {
  const Json& value = object.at(name);
  const std::uint64_t number = value.is_number_unsigned() ? value.get<std::uint64_t>() : UINT64_MAX;
  if (std::cmp_greater(number, most)) throw Json::other_error::create(500, "no number", nullptr);
  return number;
}

BackupFile file_from(const Json& object) {
  BackupFile file;
  const auto word = object.at("part").get<std::string>();
  const auto* const part = std::ranges::find(kParts, word);
  if (part == kParts.end()) throw Json::other_error::create(500, "an unknown part", nullptr);
  file.part = static_cast<Part>(part - kParts.begin());
  file.name = object.at("name").get<std::string>();
  file.place = object.at("place").get<std::string>();
  file.size = number_from(object, "size");
  file.sha256 = hash_from(object, "sha256");
  return file;
}

Manifest manifest_from(const Json& object) {
  Manifest manifest;
  manifest.version = object.at("certspan").get<std::string>();
  manifest.schema = static_cast<std::int64_t>(number_from(object, "schema"));
  manifest.made_at = static_cast<WallMs>(number_from(object, "made_at_ms", kEndOfYear9999));
  manifest.audit.number = number_from(object.at("audit"), "number");
  manifest.audit.removed = number_from(object.at("audit"), "removed");
  manifest.audit.hash = hash_from(object.at("audit"), "hash");
  for (const Json& file : object.at("files")) manifest.files.push_back(file_from(file));
  manifest.provided = object.at("provided").get<std::vector<std::string>>();
  return manifest;
}

/// A restore opens the journal by its name, before anything is at its place.
bool has_its_name(const BackupFile& file) {
  const std::string_view own = name_of(file.part);
  return own.empty() ? file.name.starts_with(kFilesPrefix) : file.name == own;
}

/// Empty: it is sound.
std::string fault_of(const Manifest& manifest) {
  if (manifest.files.size() > kMostFiles) return "names too many files";
  std::set<std::string> names;
  std::set<std::filesystem::path> places;
  std::array<std::size_t, kParts.size()> count{};
  for (const BackupFile& file : manifest.files) {
    if (!good_name(file.name) || !has_its_name(file)) return "has a name in it that no backup has";
    if (!good_place(file.place)) return "has a place in it that no file has";
    if (!names.insert(file.name).second || !places.insert(file.place).second) return "names a file twice";
    ++count.at(static_cast<std::size_t>(file.part));
  }
  const auto of = [&](Part part) { return count.at(static_cast<std::size_t>(part)); };
  if (of(Part::Journal) != 1 || of(Part::JournalKey) != 1 || of(Part::Config) != 1 ||
      of(Part::AuditKey) > 1) {
    return "lacks the journal, its key or the configuration, or names one twice";
  }
  const bool told = std::ranges::all_of(manifest.provided, printable) && printable(manifest.version);
  return told ? std::string() : "holds what can't be printed";
}

}  // namespace

std::string_view name_of(Part part) {
  switch (part) {
    case Part::Journal:
      return "data/journal.db";
    case Part::JournalKey:
      return "data/journal.key";
    case Part::AuditKey:
      return "data/audit.key";
    case Part::Config:
      return "config/certspan.yaml";
    case Part::File:
      return "";
  }
  return "";
}

const BackupFile& Manifest::file(Part part) const {
  const auto found = std::ranges::find(files, part, &BackupFile::part);
  assert(found != files.end());
  return *found;
}

Result<std::string> to_text(const Manifest& manifest) try {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const BackupFile& file : manifest.files) {
    if (!good_place(file.place)) {
      return fail(Outcome::Rejected, "backup.bad_path",
                  "a file that the configuration names has a path that no backup can hold");
    }
    files.push_back({{"part", word_of(file.part)},
                     {"name", file.name},
                     {"place", file.place.string()},
                     {"size", file.size},
                     {"sha256", to_hex(file.sha256)}});
  }
  const nlohmann::ordered_json object = {{"certspan_backup", kFormat},
                                         {"certspan", manifest.version},
                                         {"schema", manifest.schema},
                                         {"made_at_ms", manifest.made_at},
                                         {"audit",
                                          {{"number", manifest.audit.number},
                                           {"hash", to_hex(manifest.audit.hash)},
                                           {"removed", manifest.audit.removed}}},
                                         {"files", std::move(files)},
                                         {"provided", manifest.provided}};
  return object.dump(1) + "\n";
} catch (const Json::exception&) {
  return fail(Outcome::Rejected, "backup.bad_path", "a path or name in the configuration is no UTF-8");
}

Result<Manifest> read_manifest(std::string_view text) try {
  const Json object = Json::parse(text);
  const std::uint64_t format = number_from(object, "certspan_backup");
  if (format != kFormat) {
    return fail(Outcome::Unsupported, "backup.newer",
                "the backup was made by a later certspan: restore it with that one");
  }
  Manifest manifest = manifest_from(object);
  const std::string fault = fault_of(manifest);
  if (!fault.empty()) return damaged_manifest(fault);
  return manifest;
} catch (const Json::exception&) {
  return damaged_manifest("can't be read");
}

}  // namespace certspan::backup
