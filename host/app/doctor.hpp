#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/app/deployment.hpp"
#include "host/config/fault.hpp"

namespace certspan {

enum class Verdict : std::uint8_t { Fine, Doubtful, Faulty };

/// What one look of `certspan doctor` found.
struct Finding {
  Verdict verdict = Verdict::Fine;
  std::string area;   ///< "configuration", "disk", "permissions", "reach", "clock", "connector"
  std::string about;  ///< the file, server or connector
  std::string text;   ///< what is so, and where it is not fine, what to do
};
using Findings = std::vector<Finding>;

/// What `certspan check` says of the configuration, its connectors and their keys.
void examine_faults(const Faults& faults, Findings& findings);

/// Whether data_dir takes a file, gives it back and has room, and who may read what is there. A file is
/// written and taken away again; a directory that is missing is not made.
void examine_data_directory(const std::filesystem::path& directory, Findings& findings);

/// Files with secrets that others than their owner may read.
void examine_secret_files(const CheckedConfig& checked, Findings& findings);

/// Has the connectors of our own plugins that can (action "examine") ask the services that they work with
/// whether they would do it, by the proxy of the configuration; and holds this machine's clock against what
/// the servers say. No item is made, and no request is sent that changes anything.
void examine_services(const CheckedConfig& checked, Findings& findings);

}  // namespace certspan
