// The plain path under which CRLs are fetched (RFC 5280 4.2.1.13), without SCEP.
#pragma once

#include <optional>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

// Whether `path` is `prefix` or something below it.
bool is_at_or_below(std::string_view path, std::string_view prefix);

// Which CRL is asked for by a path at or below `crl_path`: the key identifier of "<crl_path>/<hexadecimal>",
// with or without ".crl" behind it, an empty one for `crl_path` itself. nullopt: none that could be there.
std::optional<pki::Bytes> asked_crl(std::string_view crl_path, std::string_view path);

}  // namespace certspan::scep
