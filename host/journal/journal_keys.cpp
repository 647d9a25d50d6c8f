#include "host/journal/journal_keys.hpp"

#include <system_error>

#include "host/journal/key_file.hpp"

namespace certspan {
namespace {

constexpr const char* kKeyName = "journal.key";
constexpr const char* kNextKeyName = "journal.key.next";

tl::unexpected<Error> no_key(const std::filesystem::path& path, const char* why) {
  return fail(Outcome::Unavailable, "journal.key",
              "sealing key \"" + path.string() + "\": " + why +
                  ": put it back from a backup, open work items and dead letters can't be read without it");
}

Result<std::optional<Sealer>> sealer_in(const std::filesystem::path& path) {
  CERTSPAN_TRY(const auto key, read_key_file(path));
  if (!key) return std::nullopt;
  CERTSPAN_TRY(Sealer sealer, Sealer::create(*key));
  return sealer;
}

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

Result<std::optional<Sealer>> find_sealer(const std::filesystem::path& directory, const Totals& totals) {
  const auto belongs = [&](const std::optional<Sealer>& sealer) {
    return sealer && sealer->key_check() == totals.key_check;
  };
  CERTSPAN_TRY(auto sealer, sealer_in(key_path(directory)));
  if (belongs(sealer)) return sealer;
  // A key that is damaged does not matter where it is not needed.
  if (is_rotating(directory) && !totals.key_check.empty()) {
    CERTSPAN_TRY(auto next, sealer_in(next_key_path(directory)));
    if (belongs(next)) return next;
  }
  if (totals.sealed && !sealer) return no_key(key_path(directory), "is missing");
  if (totals.sealed && !totals.key_check.empty()) {
    return no_key(key_path(directory), "belongs to another journal");
  }
  return sealer;
}

}  // namespace certspan
