// AlgorithmIdentifiers of signatures: what is accepted, and how ours are written.
#pragma once

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/digest.hpp"

namespace certspan::pki {

enum class KeyFamily : std::uint8_t { Rsa, Ec };

// RSASSA-PKCS1-v1_5 or ECDSA with a digest.
struct SignatureAlgorithm {
  KeyFamily family = KeyFamily::Rsa;
  Digest digest = Digest::Sha256;

  friend bool operator==(const SignatureAlgorithm&, const SignatureAlgorithm&) = default;
};

// An AlgorithmIdentifier taken apart; `parameters` is absent or the whole element.
struct AlgorithmIdentifier {
  Oid algorithm;
  std::optional<DerElement> parameters;

  bool parameters_null_or_absent() const {
    return !parameters || (parameters->tag == tag::kNull && parameters->content.empty());
  }
};

Result<AlgorithmIdentifier> read_algorithm_identifier(DerReader& reader, std::string_view what);

// Reads an AlgorithmIdentifier that must be a signature algorithm of ours (RFC 4055, 5758);
// UnsupportedAlgorithm else. SHA-1 is recognised here; whether it may be used is the caller's business.
Result<SignatureAlgorithm> read_signature_algorithm(DerReader& reader, std::string_view what);

// As certificates and requests carry it: NULL parameters for RSA, none for ECDSA.
void write_signature_algorithm(DerWriter& writer, SignatureAlgorithm algorithm);

}  // namespace certspan::pki
