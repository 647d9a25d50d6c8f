// What a company's service is asked and told, in step-ca's wire format: SCEPCHALLENGE and NOTIFYING.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <certspan/connector.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate_request.hpp"

namespace certspan::scep {

// Octets of a body that may hold a challenge: in one place, and wiped.
class SecretBody {
 public:
  // Requires: no more than `most` octets are put.
  explicit SecretBody(std::size_t most) : bytes_(most) {}
  void put(std::string_view text);
  // As a JSON string. Requires: printable ASCII.
  void put_quoted(std::string_view text);
  pki::BytesView view() const { return bytes_.reveal().first(size_); }

 private:
  pki::SecretBytes bytes_;
  std::size_t size_ = 0;
};

// What an item is known by in every body.
struct Occasion {
  std::int64_t now = 0;          // seconds since 1970
  std::string_view transaction;  // of the client; left out if it is not printable ASCII
};

// May a device with this challenge have its certificate? Requires: `challenge` is printable ASCII.
SecretBody challenge_question(const pki::CertificateRequest& request, std::string_view challenge,
                              const Occasion& occasion);

// How a request ended. Its octets stand in it only if they hold no challenge.
SecretBody notice(const pki::CertificateRequest& request, const sdk::Delivery& delivery,
                  const Occasion& occasion);

bool is_printable_ascii(std::string_view text);

}  // namespace certspan::scep
