#include "host/journal/journal_keys.hpp"

#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "host/journal/key_file.hpp"

namespace certspan {
namespace {

constexpr const char* kKeyName = "journal.key";
constexpr const char* kNextKeyName = "journal.key.next";

constexpr std::string_view kConfigured = "of \"host.journal_key\"";

tl::unexpected<Error> no_key(const std::string& where, const char* why) {
  return fail(Outcome::Unavailable, "journal.key",
              "sealing key " + where + ": " + why +
                  ": put it back from a backup, open work items and dead letters can't be read without it");
}

/// Looks for the key that a journal's totals recognise.
class KeySearch {
 public:
  KeySearch(const std::filesystem::path& directory, const ConfiguredKeys& keys, const Totals& totals)
      : directory_(directory), keys_(keys), totals_(totals) {}

  Result<std::optional<SealingKey>> find() {
    CERTSPAN_TRY(const auto own, own_key());
    CERTSPAN_TRY(const bool fits, belongs(own));
    if (fits) return own;
    if (!totals_.key_check.empty()) {
      CERTSPAN_TRY(auto other, other_key());
      if (other) return other;
    }
    if (!totals_.sealed) return own;
    if (!own) return no_key(where(), "is missing");
    if (!totals_.key_check.empty()) return foreign_key();
    return own;
  }

 private:
  std::string where() const {
    return keys_.current ? std::string(kConfigured) : '"' + key_path(directory_).string() + '"';
  }

  Result<std::optional<SealingKey>> own_key() const {
    if (keys_.current) return keys_.current;
    return read_key_file(key_path(directory_));
  }

  tl::unexpected<Error> foreign_key() const {
    if (!keys_.current) return no_key(where(), "belongs to another journal");
    return no_key(where(),
                  "belongs to another journal; if it is to become this one's, name the old key as "
                  "\"host.previous_journal_key\" and run `certspan journal rotate-key`. If not");
  }

  /// One that a rotation is to take the journal away from, or was bringing it to.
  Result<std::optional<SealingKey>> other_key() const {
    std::vector<std::filesystem::path> files;
    if (keys_.current) files.push_back(key_path(directory_));
    if (is_rotating(directory_)) files.push_back(next_key_path(directory_));
    for (const auto& file : files) {
      CERTSPAN_TRY(const auto key, read_key_file(file));
      CERTSPAN_TRY(const bool fits, belongs(key));
      if (fits) return key;
    }
    CERTSPAN_TRY(const bool fits, belongs(keys_.previous));
    return fits ? keys_.previous : std::nullopt;
  }

  Result<bool> belongs(const std::optional<SealingKey>& key) const {
    if (!key) return false;
    CERTSPAN_TRY(const Sealer sealer, Sealer::create(*key));
    return sealer.key_check() == totals_.key_check;
  }

  const std::filesystem::path& directory_;
  const ConfiguredKeys& keys_;
  const Totals& totals_;
};

}  // namespace

std::filesystem::path key_path(const std::filesystem::path& directory) {
  return directory / kKeyName;
}

std::filesystem::path next_key_path(const std::filesystem::path& directory) {
  return directory / kNextKeyName;
}

bool is_rotating(const std::filesystem::path& directory) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(next_key_path(directory), error));
}

Result<std::optional<Sealer>> find_sealer(const std::filesystem::path& directory, const ConfiguredKeys& keys,
                                          const Totals& totals) {
  CERTSPAN_TRY(const auto key, KeySearch(directory, keys, totals).find());
  if (!key) return std::nullopt;
  CERTSPAN_TRY(Sealer sealer, Sealer::create(*key));
  return sealer;
}

Result<SealingKey> find_key(const std::filesystem::path& directory, const ConfiguredKeys& keys,
                            const Totals& totals) {
  CERTSPAN_TRY(const auto key, KeySearch(directory, keys, totals).find());
  if (!key) return no_key('"' + key_path(directory).string() + '"', "is missing");
  return *key;
}

}  // namespace certspan
