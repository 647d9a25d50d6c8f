// Writes CMS SignedData (RFC 5652 section 5) with signed attributes and one signer.
#pragma once

#include <cstdint>
#include <span>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// One Attribute with one value.
void write_attribute(DerWriter& writer, const Oid& type, std::uint8_t value_tag, BytesView value);
// The attributes that every signature has: contentType, signingTime (seconds since 1970) and messageDigest.
void write_usual_attributes(DerWriter& writer, BytesView content, Digest digest, std::int64_t now);

// All views are borrowed for the call.
struct SignedDataTemplate {
  BytesView content;  // of type data; empty, but present
  Digest digest = Digest::Sha256;
  BytesView attributes;         // SET OF Attribute in DER order, which is what is signed
  BytesView certificates;       // [0] IMPLICIT CertificateSet
  BytesView issuer_and_serial;  // of the signer
};

// The ContentInfo. An RSA signature is named rsaEncryption, which every client reads. Fault: Internal.
Result<Bytes> write_signed_data(const SignedDataTemplate& what, const PrivateKey& key);

// The answer to GetNextCACert (RFC 8894 4.7.1): `next`, the CA that comes and those above it, in a
// certificates-only SignedData, inside one that the CA of now has signed. Faults: Malformed, Internal.
Result<Bytes> write_next_ca(std::span<const BytesView> next, const Certificate& ca, const PrivateKey& ca_key,
                            std::int64_t now);

}  // namespace certspan::pki
