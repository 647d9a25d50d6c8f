#include "host/app/trial_services.hpp"

#include <algorithm>
#include <utility>

#include "host/config/secret_ref.hpp"

namespace certspan {

TrialServices::TrialServices(const PreparedConfig& prepared) {
  auto log = Log::open({.level = LogLevel::Error, .format = LogFormat::Text, .file = {}});
  if (!log) return;
  log_ = std::move(*log);
  secrets_ = std::make_unique<ConfiguredSecrets>(prepared, *log_);
  backends_.log = log_.get();
  backends_.clock = &clock_;
  backends_.secrets = secrets_.get();
  backends_.routes = &routes_;
}

bool secrets_readable(const PreparedConnector& connector) {
  return std::ranges::all_of(connector.secrets,
                             [](const SecretRef& secret) { return read_secret(secret).has_value(); });
}

}  // namespace certspan
