// `pkcs11:` in a connector's settings, in place of a key from a file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <certspan/faults.hpp>
#include <certspan/host.hpp>
#include <nlohmann/json_fwd.hpp>

#include "plugins/common/pkcs11/token_key.hpp"

namespace certspan::pkcs11 {

struct KeySetting {
  std::string module;
  std::string uri;
  std::string pin_token;  // opens by certspan.secrets/1; "": none
};

/// The member `pkcs11` of a settings schema, as text to be joined with the others.
inline constexpr char kSettingSchema[] = R"json("pkcs11": {
      "type": "object", "additionalProperties": false, "required": ["module", "uri"], "x-certspan-in-host": true,
      "description": "The private key in a PKCS #11 token, in place of \"key\".",
      "properties": {
        "module": {"type": "string", "minLength": 1, "description": "The token's PKCS #11 library, an absolute path."},
        "uri": {"type": "string", "minLength": 1,
          "description": "Token and key, RFC 7512: pkcs11:token=certspan;object=ca"},
        "pin": {"type": "string", "x-certspan-secret": true,
          "description": "The user's PIN, as a reference: ${file:/etc/certspan/hsm.pin}"}
      }})json";

/// Fault at "module" if it is no absolute path, and those of KeyLocation::parse.
KeyResult<KeyLocation> location_of(const KeySetting& setting);

/// Where a connector's private key is: one of the two.
struct KeyChoice {
  std::string token;  // of `key`, opens by certspan.secrets/1
  std::optional<KeySetting> in_token;
};

/// From the object that has the members `key` and `pkcs11`.
KeyChoice read_key_choice(const nlohmann::json& settings);

/// What can be told without the token: one of the two is there, and the URI can be read. `pointer` leads to
/// the object.
void check_key_choice(const nlohmann::json& settings, const std::string& pointer, sdk::Faults& faults);

/// The keys of one connector that lie in tokens. Filled by its constructor, then any thread.
class TokenKeys {
 public:
  /// Opens one and logs what becomes of it from then on. `host` outlives the keys. Throws sdk::SettingsFault
  /// at the setting below `pointer` that is wrong.
  pki::PrivateKey open(const sdk::Host& host, const KeySetting& setting, const std::string& pointer,
                       pki::PublicKey public_key, KeyUse use);

  void start_watching() const;
  void stop_watching() const;
  /// Why one of them can't be used now; nothing if all can.
  std::optional<std::string> trouble() const;
  /// What the action `status` says of them: {"about": ..., "trouble": ...}, empty if no key is in a token.
  nlohmann::json status() const;

 private:
  std::vector<std::shared_ptr<TokenKey>> keys_;  // shared with the private keys that work by them
};

inline constexpr const char* kStatusAction = "status";
inline constexpr const char* kStatusArguments =
    R"({"type": "object", "additionalProperties": false, "properties": {}, "description": "Takes nothing."})";

}  // namespace certspan::pkcs11
