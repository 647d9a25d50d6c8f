#pragma once

#include <array>

#include "probe/device.hpp"
#include "probe/server.hpp"

namespace certspan::scep_probe {

using Nonce = std::array<std::uint8_t, 16>;

/// A pkiMessage that can be sent, and what its answer has to repeat.
struct RequestMessage {
  Bytes der;
  Nonce nonce;
};

/// PKCSReq (RFC 8894, 3.3.1): the device's request, encrypted to the recipient, signed by the device.
Result<RequestMessage> make_enrolment(const Device& device, const Authority& authority,
                                      const Capabilities& can);

/// CertPoll (RFC 8894, 3.3.3) for the same transaction.
Result<RequestMessage> make_poll(const Device& device, const Authority& authority, const Capabilities& can);

}  // namespace certspan::scep_probe
