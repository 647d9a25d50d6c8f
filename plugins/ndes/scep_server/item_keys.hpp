// How a request is known again: by its idempotency key and its poll key.
#pragma once

#include <optional>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/digest.hpp"

namespace certspan::scep {

using ItemKey = pki::Sha256Value;

// What tells one request from another. `signer` is the certificate that signed the message; nothing stands
// for "the request's own key, in a certificate of nobody's": strongSwan makes a new one of those on every
// run, and a client that lost its reply must still find its certificate.
struct RequestIdentity {
  std::string_view endpoint;  // name of the connector: two endpoints share no items
  std::string_view transaction_id;
  pki::BytesView request;  // PKCS #10, DER
  std::optional<pki::BytesView> signer;
};

// SHA-256 over the fields, each with its length in front, so that no two different requests give the same
// input.
ItemKey item_key(const RequestIdentity& identity);

// What a CertPoll (RFC 8894 3.3.3) finds its item by. The IssuerAndSubject that it carries is of no use: some
// clients put the RA's name there and some swap the two.
ItemKey poll_key(std::string_view endpoint, std::string_view transaction_id, pki::BytesView signer_spki);

}  // namespace certspan::scep
