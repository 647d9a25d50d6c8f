#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/app/ndes_settings.hpp"

namespace certspan {

/// Where the configuration is to stand, and what NDES doesn't say.
struct NdesPlaces {
  std::filesystem::path directory;  ///< of keys, certificates and secrets
  std::filesystem::path data;
  std::string address;
  std::vector<std::filesystem::path> plugin_dirs;
};

/// A configuration that answers where NDES did and asks devices for what NDES asked for.
struct NdesProposal {
  std::string yaml;  ///< with what is to do, and what is not taken over, as comments at its head
  std::vector<std::string> to_do;      ///< before `certspan check` accepts it, and what else differs
  std::vector<std::string> not_taken;  ///< escaped
};

NdesProposal propose_for_ndes(const NdesSettings& ndes, const NdesPlaces& places);

}  // namespace certspan
