// The numbers of SCEP (RFC 8894) that a device's log shows, in plain words.
#pragma once

#include <cstdint>
#include <string_view>

namespace certspan::codes {

struct ScepNumber {
  std::uint8_t number;
  std::string_view name;  ///< as the RFC writes it
  std::string_view meaning;
  std::string_view advice;
};

/// RFC 8894 3.2.1.4.5 (failInfo).
inline constexpr ScepNumber kFailInfos[] = {
    {0, "badAlg", "The server does not take the algorithm or key that the device used.",
     "let the device use RSA or AES and SHA-256 as GetCACaps lists them; `certspan why` says what it used"},
    {1, "badMessageCheck", "The message does not hold: its signature, or what it was encrypted to.",
     "see that the device has the RA's certificate of now, and look for event 4104 with the device's "
     "reference"},
    {2, "badRequest", "The request is refused.",
     "look at `certspan why` with the device's transaction id: it names the rule"},
    {3, "badTime", "The time that was signed is too far from the server's.",
     "set the device's clock, or the host's"},
    {4, "badCertId", "No certificate of this issuer and serial number is known, or it is another device's.",
     "see that the device asks this endpoint for a certificate that it got here"},
};

/// RFC 8894 3.2.1.3 (pkiStatus).
inline constexpr ScepNumber kPkiStatuses[] = {
    {0, "SUCCESS", "The request was granted; the certificate is in the answer.", ""},
    {2, "FAILURE", "The request was refused; failInfo says of what kind the reason is.",
     "look at `certspan why` with the device's transaction id"},
    {3, "PENDING", "Not decided yet; the device asks again with the same transaction id.",
     "look at `certspan work list --open` whether a person's yes is missing"},
};

}  // namespace certspan::codes
