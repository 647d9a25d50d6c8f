#include "plugins/common/pkcs11/key_setting.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace certspan::pkcs11 {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

PinSource pin_source(const sdk::Host& host, const std::string& token) {
  if (token.empty()) return {};
  return [host, token] {
    const auto secret = host.open_secret(token);
    return secret ? pki::SecretBytes(secret->reveal()) : pki::SecretBytes();
  };
}

TokenKey::Observer observer(const sdk::Host& host) {
  return [host](bool usable, const std::string& what) {
    if (usable) {
      host.log(sdk::LogLevel::Info, "key in its token can be used again", {{"key", what}});
    } else {
      host.log(sdk::LogLevel::Warn, "key in its token can't be used", {{"reason", what}});
    }
  };
}

}  // namespace

KeyResult<KeyLocation> location_of(const KeySetting& setting) {
  if (!setting.module.starts_with('/')) {
    return key_fault("module", "must be an absolute path, not \"" + setting.module + "\"");
  }
  return KeyLocation::parse(setting.module, setting.uri);
}

KeyChoice read_key_choice(const json& settings) {
  KeyChoice choice;
  if (!settings.is_object()) return choice;
  choice.token = text_of(settings, "key");
  if (const auto found = settings.find("pkcs11"); found != settings.end() && found->is_object()) {
    choice.in_token = KeySetting{text_of(*found, "module"), text_of(*found, "uri"), text_of(*found, "pin")};
  }
  return choice;
}

void check_key_choice(const json& settings, const std::string& pointer, sdk::Faults& faults) {
  const KeyChoice choice = read_key_choice(settings);
  const bool from_file = settings.is_object() && settings.contains("key");
  if (from_file && choice.in_token)
    faults.add(pointer + "/pkcs11", "is said beside \"key\": leave one of them out");
  if (from_file && choice.token.empty()) faults.add(pointer + "/key", "\"key\" must be given, as text");
  if (!from_file && !choice.in_token) {
    faults.add(pointer, "has no private key: give \"key\" (a file) or \"pkcs11\" (a token)");
  }
  if (!choice.in_token) return;
  if (const auto location = location_of(*choice.in_token); !location) {
    faults.add(pointer + "/pkcs11/" + location.error().setting, location.error().message);
  }
}

pki::PrivateKey TokenKeys::open(const sdk::Host& host, const KeySetting& setting, const std::string& pointer,
                                pki::PublicKey public_key, KeyUse use) {
  const auto refuse = [&](const KeyFault& fault) {
    // What the file leaves out has no place of its own.
    const bool nowhere = fault.setting == "pin" && setting.pin_token.empty();
    return sdk::SettingsFault(pointer + "/pkcs11" + (nowhere ? "" : "/" + fault.setting), fault.message);
  };
  auto location = location_of(setting);
  if (!location) throw refuse(location.error());
  auto key = TokenKey::open(std::move(*location), pin_source(host, setting.pin_token), std::move(public_key),
                            use, observer(host));
  if (!key) throw refuse(key.error());
  host.log(sdk::LogLevel::Info, "key opened in its token", {{"key", (*key)->describe()}});
  return TokenKey::private_key(keys_.emplace_back(std::move(*key)));
}

void TokenKeys::start_watching() const {
  for (const auto& key : keys_) key->start_watching();
}

void TokenKeys::stop_watching() const {
  for (const auto& key : keys_) key->stop_watching();
}

std::optional<std::string> TokenKeys::trouble() const {
  for (const auto& key : keys_) {
    if (auto trouble = key->trouble()) return trouble;
  }
  return std::nullopt;
}

json TokenKeys::status() const {
  json status = json::object();
  std::string about;
  for (const auto& key : keys_) about += (about.empty() ? "" : "; ") + key->describe();
  if (!about.empty()) status["about"] = about;
  if (const auto why = trouble()) status["trouble"] = *why;
  return status;
}

}  // namespace certspan::pkcs11
