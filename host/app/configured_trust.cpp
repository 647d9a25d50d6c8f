#include "host/app/configured_trust.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/app/commands.hpp"
#include "host/base/text_file.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLargestRevokedFile = 4UL * 1024 * 1024;

/// The content of a file that trust hangs on, which therefore no others may write to. Nothing if that is not
/// so, which is told.
std::optional<std::string> read_trusted(const std::filesystem::path& path, std::size_t most, Mark mark,
                                        Faults& faults) {
  auto text = read_text_file(path, most);
  struct stat status {};
  if (!text) {
    faults.error(FaultCode::TrustFile, mark, text.error().message);
  } else if (::stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    faults.error(
        FaultCode::TrustFile, mark,
        fmt::format("\"{}\" is writable for group or others, who could let any plugin in", path.string()),
        fmt::format("run: chmod go-w {}", path.string()));
  } else {
    return std::move(*text);
  }
  return std::nullopt;
}

void read_key(const TrustedKey& configured, PluginTrust& trust, Faults& faults) {
  const Mark mark = configured.public_key_mark;
  const auto pem = read_trusted(configured.public_key_file, kLargestPublicKeyFile, mark, faults);
  if (!pem) return;
  auto key = PluginPublicKey::from_pem(*pem);
  if (!key) {
    faults.error(FaultCode::TrustFile, mark,
                 fmt::format("\"{}\" {}", configured.public_key_file.string(), key.error().message));
    return;
  }
  const auto same = std::ranges::find_if(
      trust.signers, [&](const TrustedSigner& signer) { return signer.key.id() == key->id(); });
  if (same != trust.signers.end()) {
    faults.error(FaultCode::TrustFile, mark,
                 fmt::format("keys \"{}\" and \"{}\" are the same key", same->name, configured.name.name),
                 "name it once, with all the ids that it may sign");
    return;
  }
  trust.signers.push_back({configured.name.name, std::move(*key), configured.ids});
}

void read_revoked(const TrustSection& section, PluginTrust& trust, Faults& faults) {
  if (section.revoked_file.empty()) return;
  const auto text = read_trusted(section.revoked_file, kLargestRevokedFile, section.revoked_mark, faults);
  if (!text) return;
  auto revoked = parse_revoked_list(*text);
  if (revoked) {
    trust.revoked = std::move(*revoked);
  } else {
    faults.error(FaultCode::TrustFile, section.revoked_mark,
                 fmt::format("\"{}\": {}", section.revoked_file.string(), revoked.error().message));
  }
}

}  // namespace

PluginTrust read_trust(const Config& config, Faults& faults) {
  const TrustSection& section = config.plugins.trust;
  PluginTrust trust = trust_in_own_plugins();
  trust.pins.insert(config.plugins.pins.begin(), config.plugins.pins.end());
  trust.danger_allow_unsigned = section.danger_allow_unsigned;
  for (const TrustedKey& key : section.keys) {
    if (!key.public_key_file.empty()) read_key(key, trust, faults);
  }
  read_revoked(section, trust, faults);
  return trust;
}

PluginTrust trust_in_own_plugins() {
  PluginTrust trust;
  trust.own_dirs = default_plugin_dirs();
  struct stat program {};
  if (::stat("/proc/self/exe", &program) == 0) trust.program_owner = program.st_uid;
  return trust;
}

}  // namespace certspan
