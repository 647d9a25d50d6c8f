#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/config/config.hpp"

namespace certspan {

/// What belongs to a host besides its journal.
struct BackupContents {
  Config config;
  /// Certificates, keys and other secrets that the configuration names by path, each once.
  std::vector<std::filesystem::path> files;
  /// What it names otherwise, in words: environment variables, credentials, plugins.
  std::vector<std::string> provided;
};

/// Reads a configuration and its plugins' schemas, which say what is a file. Errors: config.faults, if what
/// it names can't be told for certain; plugin.no_room, plugin.private_dir.
Result<BackupContents> backup_contents(const std::filesystem::path& config_file);

}  // namespace certspan
