// What a client presents in its field Authorization (RFC 9110, 11.6.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

enum class CredentialKind : std::uint8_t {
  None,      // no field, or a scheme that is not spoken here: the client is told which are
  Password,  // Basic (RFC 7617)
  Token,     // Bearer (RFC 6750)
};

struct Credentials {
  CredentialKind kind = CredentialKind::None;
  std::string user;  // Basic only; as the client says, which may be anything
  pki::SecretBytes secret;
};

// Any octets; what is no such field is None.
Credentials parse_credentials(std::string_view authorization);

}  // namespace certspan::scep
