#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace certspan::bench {

/// The key operations that one enrolment over SCEP can't do without, bare: nothing is parsed, encoded or
/// looked up. Contexts are made once, so that OpenSSL's set-up is not in it either.
///
///   verify the message, decrypt its envelope, verify the request, sign the certificate, encrypt the reply's
///   envelope, sign the reply
///
/// Not thread-safe: one for each thread.
class CryptoFloor {
 public:
  /// PEM texts of the private keys that the host uses; `client` has an RSA key. Throws std::runtime_error.
  CryptoFloor(const std::string& ra_key, const std::string& ca_key, EVP_PKEY* client);
  ~CryptoFloor();

  void one_enrolment();

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace certspan::bench
