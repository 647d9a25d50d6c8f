// An OCSP request as it comes over HTTP (RFC 6960 appendix A).
#pragma once

#include <optional>
#include <string_view>

#include <certspan/http.hpp>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::ca_local {

/// What `path` has below `prefix`: base64 of the request, percent-encoded. nullopt: it is none.
std::optional<pki::Bytes> request_in_path(std::string_view prefix, std::string_view path);

/// The DER of the request: the body of a POST, or what a GET has in its path. nullopt: there is none.
std::optional<pki::Bytes> request_of(const sdk::HttpRequest& http, std::string_view prefix);

}  // namespace certspan::ca_local
