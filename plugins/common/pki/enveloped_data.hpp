// EnvelopedData (RFC 5652 section 6) with RSA key transport: its public structure, and writing it.
#pragma once

#include <optional>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/result.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

namespace certspan::pki {

// A KeyTransRecipientInfo; views point into the DER that was read.
struct EnvelopeRecipient {
  BytesView issuer;  // Name DER; empty if it names a key identifier
  BytesView serial;  // content octets
  BytesView subject_key_id;
  AlgorithmIdentifier transport;
  BytesView wrapped_key;
};

struct Envelope {
  std::vector<EnvelopeRecipient> recipients;
  ContentCipher cipher = ContentCipher::Aes128Cbc;
  BytesView iv;
  Bytes content;  // whole blocks, at least one
};

// Reads a ContentInfo of EnvelopedData (DER, but for chunks of the encrypted content). Recipients of other
// kinds are skipped. Faults: Malformed, UnsupportedAlgorithm for a cipher that is unknown (whether it is
// allowed is not asked here), TooLarge beyond 16 recipients.
Result<Envelope> read_envelope(BytesView der);

// "serial 1f of CN=...", for logs.
std::string describe_recipients(const Envelope& envelope);

// Encrypts `content` to the certificate and writes the ContentInfo. Faults: UnsupportedAlgorithm, Malformed,
// Internal. `random` gives the content key and the initialisation vector: 48 octets.
Result<Bytes> write_envelope(BytesView content, BytesView recipient_certificate, ContentCipher cipher,
                             KeyTransport transport, std::span<const std::uint8_t, 48> random);

}  // namespace certspan::pki
