// How a connector answers what the PKI library found wrong.
#pragma once

#include <string_view>

#include <certspan/answer.hpp>

#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::connector {

/// For a request that can't be read or whose own signature fails. `plugin` is the word before the dot of the
/// code: unsupported "profile.unsupported_algorithm"; invalid "profile.malformed_request",
/// "profile.request_too_large", "profile.bad_request_signature"; internal "profile.internal".
sdk::Answer refuse_request(std::string_view plugin, const pki::Fault& fault);

/// For a request that breaks a profile: unsupported for keys and algorithms, rejected for everything else.
/// The code is "profile.weak_key" and the like.
sdk::Answer refuse_request(std::string_view plugin, const pki::Violation& violation);

}  // namespace certspan::connector
