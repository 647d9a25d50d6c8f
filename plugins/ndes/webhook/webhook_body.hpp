// What a company's service is asked and told, in step-ca's wire format: SCEPCHALLENGE and NOTIFYING.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <certspan/connector.hpp>

#include "plugins/common/connector/secret_body.hpp"
#include "plugins/common/pki/certificate_request.hpp"

namespace certspan::scep {

// What an item is known by in every body.
struct Occasion {
  std::int64_t now = 0;          // seconds since 1970
  std::string_view transaction;  // of the client; left out if it is not printable ASCII
};

// May a device with this challenge have its certificate? Requires: `challenge` is printable ASCII.
connector::SecretBody challenge_question(const pki::CertificateRequest& request, std::string_view challenge,
                                         const Occasion& occasion);

// How a request ended. Its octets stand in it only if they hold no challenge.
connector::SecretBody notice(const pki::CertificateRequest& request, const sdk::Delivery& delivery,
                             const Occasion& occasion);

bool is_printable_ascii(std::string_view text);

}  // namespace certspan::scep
