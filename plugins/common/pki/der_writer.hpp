// An append-only builder of DER.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/oid.hpp"

namespace certspan::pki {

// Writes elements one after another; `begin` opens one that holds what is written until its `end`. The output
// is canonical DER. Calls chain. Not thread-safe. Requires: every `begin` has its `end` before `take`
// (asserted).
class DerWriter {
 public:
  explicit DerWriter(std::size_t expected_size = 256) { out_.reserve(expected_size); }

  DerWriter& begin(std::uint8_t identifier);
  DerWriter& end();
  // Ends a SET OF: its members are brought into DER order (X.690 11.6).
  DerWriter& end_set_of();
  // BIT STRING that holds DER, as the key in a SubjectPublicKeyInfo does.
  DerWriter& begin_bit_string();

  // Bytes that are DER already.
  DerWriter& raw(BytesView encoded);
  DerWriter& primitive(std::uint8_t identifier, BytesView content);
  DerWriter& text(std::uint8_t tag, std::string_view characters) {
    return primitive(tag, as_bytes(characters));
  }
  DerWriter& boolean(bool value);
  DerWriter& integer(std::uint64_t value);
  // Non-negative integer from big-endian octets; leading zero octets may be there or not.
  DerWriter& unsigned_integer(BytesView magnitude);
  DerWriter& oid(const Oid& oid) { return primitive(tag::kOid, oid.content()); }
  DerWriter& octet_string(BytesView content) { return primitive(tag::kOctetString, content); }
  DerWriter& bit_string(BytesView octets);
  // BIT STRING of named bits, bit 0 of `bits` is named bit 0; trailing zero bits are left out (X.690 11.2.2).
  DerWriter& named_bits(std::uint16_t bits);
  DerWriter& null() { return primitive(tag::kNull, {}); }
  // Seconds since 1970: UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5).
  DerWriter& time(std::int64_t unix_seconds);
  // Seconds since 1970, GeneralizedTime whatever the year, without fractions, as OCSP wants it.
  DerWriter& generalized_time(std::int64_t unix_seconds);
  // AlgorithmIdentifier with NULL parameters, or without any.
  DerWriter& algorithm_with_null(const Oid& algorithm);
  DerWriter& algorithm(const Oid& algorithm);

  // What was written so far; valid until the next call.
  BytesView view() const { return out_; }
  Bytes take();

 private:
  Bytes out_;
  std::vector<std::size_t> open_;  // offsets of the length octet of each open element
};

}  // namespace certspan::pki
