// `pkcs11:` in an action's arguments: a key that is made in a token, or lies there already.
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "plugins/common/pkcs11/objects.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pkcs11 {

/// The member `pkcs11` of an argument schema, as text to be joined with the others.
inline constexpr char kArgumentSchema[] = R"json("pkcs11": {
      "type": "object", "additionalProperties": false, "required": ["module", "uri"],
      "description": "The key is in a PKCS #11 token and not in a file.",
      "properties": {
        "module": {"type": "string", "minLength": 1, "description": "The token's PKCS #11 library, an absolute path."},
        "uri": {"type": "string", "minLength": 1,
          "description": "Token and key, RFC 7512: pkcs11:token=certspan;object=ca"},
        "pin_file": {"type": "string", "minLength": 1, "description": "A file with the user's PIN."}
      }})json";

/// The key that `arguments` has under `pkcs11`; nothing if it has none. With `make` it is made, and nothing
/// must be there by its name; else it is there. Faults: Policy, with the setting and what to do.
std::optional<pki::Result<pki::PrivateKey>> key_of_action(const nlohmann::json& arguments,
                                                          std::optional<pki::KeySpec> make, KeyUse use);

}  // namespace certspan::pkcs11
