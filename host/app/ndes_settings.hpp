#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/app/registry_export.hpp"

namespace certspan {

/// How NDES wanted to be shown that a device may enrol.
enum class NdesChallenge : std::uint8_t { None, OnePassword, OneTime, PolicyModule };

/// What NDES keeps under HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography\MSCEP, with its own defaults for
/// what is not there.
struct NdesSettings {
  std::string signature_template;  ///< names of AD CS templates, as they stand there
  std::string encryption_template;
  std::string general_template;
  NdesChallenge challenge = NdesChallenge::OneTime;
  std::uint64_t password_minutes = 60;
  std::uint64_t most_passwords = 5;
  bool enterprise_ca = true;
  std::string ca;  ///< host\name of the AD CS; may be empty
  std::vector<std::string>
      not_taken;  ///< keys and values without a counterpart, below MSCEP, as they are written
};

/// Errors: import.no_ndes, import.bad_ndes with the line.
Result<NdesSettings> read_ndes_settings(const RegistryExport& registry);

}  // namespace certspan
