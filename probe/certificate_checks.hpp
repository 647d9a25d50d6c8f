#pragma once

#include <filesystem>
#include <string>

#include "probe/answer.hpp"

namespace certspan::scep_probe {

/// The certificate that was issued, in words.
struct IssuedCertificate {
  std::string serial;  ///< hexadecimal, lower case
  std::string subject;
  std::string not_before;  ///< RFC 3339, UTC
  std::string not_after;
  std::int64_t not_after_seconds = 0;  ///< since 1970
};

/// Who may issue: the certificates of a PEM file, or, without one, the CA of GetCACert. Built once, before
/// anything is enrolled.
Result<Certificates> trusted_cas(const std::filesystem::path& file, const Authority& authority);

/// Whether RA and CA of GetCACert are valid now and come from those that are trusted.
Result<void> check_authority(const Authority& authority, const Certificates& trusted);

/// Whether one of the certificates is for the device's key, is valid now and comes from those that are
/// trusted.
Result<IssuedCertificate> check_issued(const Answer& answer, const Device& device, const Authority& authority,
                                       const Certificates& trusted);

}  // namespace certspan::scep_probe
