// The action behind `certspan import certs`.
#pragma once

#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>

#include "plugins/ca_local/arguments.hpp"
#include "plugins/ca_local/outside_cas.hpp"

namespace certspan::ca_local {

/// {"results": ["imported", "known", ...]}, one for each certificate, or nothing after a fault: then nothing
/// was written.
std::optional<nlohmann::json> import_outside(const Arguments& arguments, const OutsideCas& outside,
                                             std::int64_t now);

}  // namespace certspan::ca_local
