// The registration authority: requests are encrypted to its certificate, and it signs the answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::scep {

// Since 1970.
std::int64_t to_seconds(std::chrono::system_clock::time_point time);

// The first certificate of a PEM file. The message of a fault names the file and says what to do.
pki::Result<pki::Certificate> read_ra_certificate(const std::string& file);

// Why clients could not use it as an RA at `now` (seconds since 1970); nothing if they can. They look for
// digitalSignature and keyEncipherment (Windows stays silent without them), and only RSA keys can open
// requests. A certificate request agent is what an AD CS lets enrol on behalf of others, so an RA that is one
// must be wanted.
// One that was replaced may have expired: some clients have it in a file and go on with it.
enum class RaAge : std::uint8_t { Current, Previous };
std::optional<std::string> ra_certificate_fault(const pki::Certificate& certificate,
                                                bool danger_enrollment_agent, std::int64_t now,
                                                RaAge age = RaAge::Current);

struct RaIdentity {
  std::shared_ptr<const pki::PrivateKey> key;  // shared by the opener of requests and the signer of replies
  pki::Certificate certificate;
};

// With a key that a token holds; it must be that of the certificate.
RaIdentity make_ra_identity(pki::Certificate certificate, pki::PrivateKey key);
// `key_pem` is the private key that belongs to the certificate. The message of a fault is for the setting
// `ra.key`.
pki::Result<RaIdentity> make_ra_identity(pki::Certificate certificate, pki::BytesView key_pem);

}  // namespace certspan::scep
