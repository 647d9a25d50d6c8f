// `certspan backup`.

#include <sys/stat.h>

#include <iostream>

#include "host/app/backup_create.hpp"
#include "host/app/backup_file.hpp"
#include "host/app/backup_report.hpp"
#include "host/app/backup_restore.hpp"
#include "host/app/commands.hpp"
#include "host/backup/pack.hpp"
#include "host/base/clock.hpp"

namespace certspan {
namespace {

Result<std::optional<Secret>> passphrase_of(const BackupOptions& options) {
  // Whatever is written is for this user alone.
  ::umask(077);
  if (options.danger_plain) return std::nullopt;
  CERTSPAN_TRY(Secret passphrase, read_passphrase(options.passphrase_file));
  return passphrase;
}

ExitCode tell(bool json, const nlohmann::json& for_programs, const std::string& for_people) {
  if (json) {
    print_json(for_programs);
  } else {
    std::cout << for_people;
  }
  return ExitCode::Ok;
}

}  // namespace

ExitCode command_backup_create(const CommonOptions& options, const BackupOptions& backup) {
  auto passphrase = passphrase_of(backup);
  if (!passphrase) return complain(passphrase.error());
  const auto made = create_backup({options.config, backup.file, std::move(*passphrase)});
  if (!made) {
    const bool config = made.error().code == "config.faults";
    return complain(made.error(), config ? ExitCode::BadConfig : ExitCode::Failure);
  }
  return tell(options.json, manifest_to_json(*made), tell_created(*made, backup.file, backup.danger_plain));
}

ExitCode command_backup_restore(const BackupOptions& backup, bool json) {
  auto passphrase = passphrase_of(backup);
  if (!passphrase) return complain(passphrase.error());
  const auto restored = restore_backup({backup.file, std::move(*passphrase), backup.to, backup.nothing_lost});
  if (!restored) return complain(restored.error());
  return tell(json, manifest_to_json(restored->manifest),
              tell_restored(*restored, backup.to, backup.nothing_lost));
}

ExitCode command_backup_verify(const BackupOptions& backup, bool json) {
  auto passphrase = passphrase_of(backup);
  if (!passphrase) return complain(passphrase.error());
  backup::Manifest manifest;
  const auto read = read_backup_file(backup.file, *passphrase, [&](backup::ByteSource& in) -> Result<void> {
    CERTSPAN_TRY(manifest, backup::unpack(in, {}));
    return {};
  });
  if (!read) return complain(read.error());
  return tell(json, manifest_to_json(manifest), tell_verified(manifest, SystemClock().wall_ms()));
}

}  // namespace certspan
