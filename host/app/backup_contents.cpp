#include "host/app/backup_contents.hpp"

#include <set>
#include <utility>
#include <variant>

#include "host/app/plugin_catalog.hpp"
#include "host/app/scratch_directory.hpp"
#include "host/base/text_file.hpp"
#include "host/config/check_types.hpp"
#include "host/config/load_config.hpp"

namespace certspan {
namespace {

/// Gathers each thing once, in the order in which it was named.
template <typename Thing>
class Gathered {
 public:
  void add(Thing thing) {
    if (seen_.insert(thing).second) all_.push_back(std::move(thing));
  }
  std::vector<Thing> take() && { return std::move(all_); }

 private:
  std::set<Thing> seen_;
  std::vector<Thing> all_;
};

struct Gathering {
  Gathered<std::filesystem::path> files;
  Gathered<std::string> provided;

  void add(const SecretRef& secret) {
    if (secret.store == SecretRef::Store::File) {
      files.add(std::filesystem::path(secret.name).lexically_normal());
    } else {
      provided.add("credential " + secret.name);
    }
  }
};

tl::unexpected<Error> faulty(const Faults& faults) {
  return fail(Outcome::Invalid, "config.faults",
              "what belongs into the backup can't be told from this configuration:\n" + faults.to_text());
}

void gather(const Listener& listener, Gathering& gathering) {
  const auto* tls = std::get_if<TlsFiles>(&listener.tls);
  if (tls == nullptr) return;
  gathering.files.add(tls->certificate_file.lexically_normal());
  gathering.add(tls->key);
}

void gather(const TrustSection& trust, Gathering& gathering) {
  for (const TrustedKey& key : trust.keys) gathering.files.add(key.public_key_file.lexically_normal());
  if (!trust.revoked_file.empty()) gathering.files.add(trust.revoked_file.lexically_normal());
}

}  // namespace

Result<BackupContents> backup_contents(const std::filesystem::path& config_file) {
  CERTSPAN_TRY(const std::string text, read_text_file(config_file));
  Gathering gathering;
  ExpansionContext context;
  context.environment = [&](std::string_view name) {
    gathering.provided.add("environment variable " + std::string(name));
    return process_environment(name);
  };
  std::error_code error;
  context.directory = std::filesystem::absolute(config_file, error).parent_path();
  Faults faults(config_file.string());
  auto config = parse_config(config_file, text, context, faults);
  if (!config || faults.has_errors()) return faulty(faults);
  const ScratchDirectory scratch;
  CERTSPAN_TRY(const auto catalog, PluginCatalog::load(*config, scratch.path() / "plugins", faults));
  const PreparedConfig prepared = check_against_types(*config, *catalog, faults);
  if (faults.has_errors()) return faulty(faults);
  for (const auto* key : {&config->host.journal_key, &config->host.previous_journal_key}) {
    if (*key) gathering.add(**key);
  }
  for (const Listener& listener : config->host.listeners) gather(listener, gathering);
  gather(config->plugins.trust, gathering);
  for (const PreparedConnector& connector : prepared.connectors) {
    for (const auto& file : connector.files) gathering.files.add(file);
    for (const SecretRef& secret : connector.secrets) gathering.add(secret);
  }
  for (const auto& [id, plugin] : catalog->plugins()) {
    gathering.provided.add("plugin " + id + " " + std::string(plugin->version()));
  }
  return BackupContents{std::move(*config), std::move(gathering.files).take(),
                        std::move(gathering.provided).take()};
}

}  // namespace certspan
