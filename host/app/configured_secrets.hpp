#pragma once

#include <functional>
#include <string_view>

#include "host/base/log.hpp"
#include "host/config/check_types.hpp"
#include "host/services/interfaces.hpp"

namespace certspan {

/// Opens the secrets that a checked configuration names, each for its connector alone. Thread-safe; the
/// configuration and the log outlive it.
class ConfiguredSecrets final : public SecretVault {
 public:
  ConfiguredSecrets(const PreparedConfig& prepared, Log& log) : prepared_(prepared), log_(log) {}

  bool open(std::string_view connector, std::string_view token,
            const std::function<void(BytesView)>& use) const override;

 private:
  const PreparedConfig& prepared_;
  Log& log_;
};

}  // namespace certspan
