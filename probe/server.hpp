#pragma once

#include <string>

#include "probe/http.hpp"

namespace certspan::scep_probe {

/// What GetCACaps says that a client goes by (RFC 8894, 3.5.2).
struct Capabilities {
  bool post = false;
  bool aes = false;
  bool sha256 = false;
  std::string words;  ///< all of them, for people
};

/// Errors: those of HTTP; also an answer that is no list of words.
Result<Capabilities> get_capabilities(HttpEndpoint& endpoint, const std::string& identifier);

/// The certificates of GetCACert, and what each is for.
struct Authority {
  Certificates certificates;
  X509* recipient = nullptr;  ///< requests are encrypted to it: an RA, or the CA where there is none
  X509* ca = nullptr;         ///< nullptr if the server gives none
};

/// Errors: those of HTTP; an answer that is no certificate nor a list of them, or has none that can be
/// encrypted to.
Result<Authority> get_authority(HttpEndpoint& endpoint, const std::string& identifier);

}  // namespace certspan::scep_probe
