#include "plugins/common/pkcs11/action_key.hpp"

#include <array>
#include <fstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/pkcs11/key_setting.hpp"
#include "plugins/common/pkcs11/token_key.hpp"

namespace certspan::pkcs11 {
namespace {

pki::SecretBytes read_pin(const std::string& file) {
  constexpr std::size_t kLongest = 1024;
  std::ifstream stream(file, std::ios::binary);
  pki::SecretBytes pin(kLongest);
  stream.read(reinterpret_cast<char*>(pin.writable().data()), kLongest);
  pin.truncate(static_cast<std::size_t>(stream.gcount()));
  return pin;
}

KeyResult<pki::PublicKey> find_or_make(const KeyLocation& location, const PinSource& pin,
                                       std::optional<pki::KeySpec> make, KeyUse use) {
  RefusedPin refused;
  auto token = Token::open(location, pin, refused, make ? Token::Access::Write : Token::Access::Read);
  if (!token) return tl::unexpected(std::move(token).error());
  if (make) {
    if (auto made = generate_pair(**token, location, *make, use); !made) {
      return tl::unexpected(std::move(made).error());
    }
  }
  const auto key = find_private_key(**token, location, use);
  if (!key) return tl::unexpected(key.error());
  return read_public_key(**token, location, *key);
}

}  // namespace

std::optional<pki::Result<pki::PrivateKey>> key_of_action(const nlohmann::json& arguments,
                                                          std::optional<pki::KeySpec> make, KeyUse use) {
  const auto found = arguments.find("pkcs11");
  if (found == arguments.end()) return std::nullopt;
  const auto refuse = [](const KeyFault& fault) {
    return pki::fault(pki::FaultKind::Policy, "\"" + fault.setting + "\": " + fault.message);
  };
  const auto setting = read_key_choice(arguments).in_token;
  if (!setting) return refuse({"pkcs11", "must be a mapping"});
  const auto location = location_of(*setting);
  if (!location) return refuse(location.error());
  PinSource pin;
  if (found->contains("pin_file")) pin = [file = found->value("pin_file", "")] { return read_pin(file); };
  auto public_key = find_or_make(*location, pin, make, use);
  if (!public_key) return refuse(public_key.error());
  auto key = TokenKey::open(*location, pin, std::move(*public_key), use);
  if (!key) return refuse(key.error());
  return TokenKey::private_key(*key);
}

}  // namespace certspan::pkcs11
