// The command that makes a key for a registration authority and asks for its certificate.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <certspan/actions.hpp>
#include <certspan/faults.hpp>

#include "plugins/common/connector/schema.hpp"
#include "plugins/common/pkcs11/action_key.hpp"
#include "plugins/common/pkcs11/key_setting.hpp"

namespace certspan::scep {

inline constexpr auto kCreateRaArguments = connector::join_texts(R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["directory", "subject"],
  "properties": {
    )json",
                                                                 pkcs11::kArgumentSchema, R"json(,
    "directory": {"type": "string", "minLength": 1, "description": "Where ra.key is written; it must exist."},
    "subject": {"type": "string", "minLength": 1, "description": "Its name: \"CN=Example RA,O=Example\"."},
    "key": {"enum": ["rsa:2048", "rsa:3072"], "default": "rsa:2048", "description": "RSA: EC keys can't open SCEP requests."}
  }
})json");

inline constexpr const char* kNoArguments =
    R"json({"type": "object", "additionalProperties": false, "properties": {}})json";
inline constexpr const char* kTakeRaArguments = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["certificate"],
  "properties": {"certificate": {"type": "string", "minLength": 1, "description": "PEM."}}
})json";

inline constexpr sdk::ActionSpec kScepServerActions[] = {
    {pkcs11::kStatusAction, "What `certspan status` shows of the RA.", CERTSPAN_PERSON_VIEWER, 0,
     pkcs11::kStatusArguments},
    {"ra_request", "A request for the RA's next certificate, if one is due: the host has it certified.",
     CERTSPAN_PERSON_ADMIN, 0, kNoArguments},
    {"ra_take", "Takes the certificate for the last request.", CERTSPAN_PERSON_ADMIN, 0, kTakeRaArguments},
    {"create_ra", "Makes a key for a registration authority and a request for its certificate.",
     CERTSPAN_PERSON_ADMIN, CERTSPAN_ACTION_OFFLINE, kCreateRaArguments.data()},
};

// Writes <directory>/ra.key (PKCS #8, mode 0600; never over a file that is there) and gives
// {"key_file": ..., "csr": PEM}; with `pkcs11` the key is made in its token, and there is no file. Which
// usages the certificate gets is for the CA to say.
std::optional<std::string> create_ra(std::string_view arguments, sdk::Faults& faults);

}  // namespace certspan::scep
