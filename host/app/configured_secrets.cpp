#include "host/app/configured_secrets.hpp"

#include <charconv>

namespace certspan {
namespace {

constexpr std::string_view kTokenPrefix = "secret:";

}  // namespace

bool ConfiguredSecrets::open(std::string_view connector, std::string_view token,
                             const std::function<void(BytesView)>& use) const {
  const PreparedConnector* prepared = prepared_.connector(connector);
  if (prepared == nullptr || !token.starts_with(kTokenPrefix)) return false;
  token.remove_prefix(kTokenPrefix.size());
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= prepared->secrets.size())
    return false;
  const auto secret = read_secret(prepared->secrets[index]);
  if (!secret) {
    log_.write(LogLevel::Error, "secret can't be read",
               {{"connector", connector}, {"code", secret.error().code}, {"reason", secret.error().message}});
    return false;
  }
  use(secret->reveal());
  return true;
}

}  // namespace certspan
