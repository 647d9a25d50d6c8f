// The query of a SCEP request (RFC 8894 4.1), in every spelling that clients in the field use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

enum class Operation : std::uint8_t { GetCaCaps, GetCaCert, GetNextCaCert, PkiOperation, Unknown };

// `message` is still encoded as on the wire and points into the query. Of a parameter that stands twice the
// first counts.
struct Query {
  Operation operation = Operation::Unknown;
  std::string_view message;
};

// Names and the operation are compared without regard to case. Never fails: what is not understood is
// Unknown.
Query parse_query(std::string_view query);

// The octets of a `message` parameter of PKIOperation; nullopt if it is base64 in none of the known shapes.
// Accepts percent-encoding (once or twice), line breaks after each 64 characters, '+' that became a space,
// the URL-safe alphabet and missing padding; everything else is strict.
std::optional<pki::Bytes> decode_message(std::string_view message);

}  // namespace certspan::scep
