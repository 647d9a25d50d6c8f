#include "host/app/journal_access.hpp"

#include "host/config/check_types.hpp"

namespace certspan {
namespace {

Result<SealingKey> configured_key(const SecretRef& ref) {
  CERTSPAN_TRY(const Secret secret, read_secret(ref));
  return read_sealing_key(secret.reveal(), to_string(ref));
}

Result<void> read_into(const std::optional<SecretRef>& ref, std::optional<SealingKey>& key) {
  if (!ref) return {};
  CERTSPAN_TRY(key, configured_key(*ref));
  return {};
}

}  // namespace

Result<ConfiguredKeys> configured_keys(const HostSection& host) {
  ConfiguredKeys keys;
  CERTSPAN_CHECK(read_into(host.journal_key, keys.current));
  CERTSPAN_CHECK(read_into(host.previous_journal_key, keys.previous));
  return keys;
}

void check_configured_keys(const HostSection& host, Faults& faults) {
  for (const auto* ref : {&host.journal_key, &host.previous_journal_key}) {
    // A literal was told already; the reference that stands in its place names nothing.
    if (!*ref || (*ref)->name.empty()) continue;
    const auto key = configured_key(**ref);
    if (key) continue;
    if (key.error().code == "journal.key") {
      faults.error(FaultCode::BadValue, (*ref)->mark, key.error().message);
    } else {
      fault_of_secret(**ref, key.error(), faults);
    }
  }
}

Result<std::unique_ptr<Journal>> open_offline(const Config& config, Offline what, const Clock& clock) {
  JournalOptions options{.directory = config.host.data_dir,
                         .secrets = what != Offline::Read,
                         .read_only = what != Offline::Write,
                         .clock = &clock,
                         .retention = config.host.retention};
  if (options.secrets) {
    CERTSPAN_TRY(options.keys, configured_keys(config.host));
  }
  return open_journal(options);
}

}  // namespace certspan
