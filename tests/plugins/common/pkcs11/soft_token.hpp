// A SoftHSM token of one test, made with softhsm2-util and openssl.
#pragma once

#include <string>

#include "plugins/common/pkcs11/token_key.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pkcs11::test {

inline constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";
inline constexpr const char* kPin = "493817";

// Sets SOFTHSM2_CONF of this process for its life; one at a time.
class SoftToken {
 public:
  SoftToken();

  const pki::test::TempDir& dir() const { return dir_; }
  // Puts a key that openssl made there, and gives its public half; `kind`: "rsa:2048", "P-256", ...
  pki::PublicKey import(const std::string& kind, const std::string& label, const std::string& id) const;
  // Puts a private key there whose token does not do the bare RSA operation with it.
  void import_without_raw(const std::string& pem, const std::string& label) const;
  KeyLocation location(const std::string& object) const;
  // Takes the token out and puts it back.
  void remove() const;
  void put_back() const;

  static PinSource pin(std::string value = kPin);

 private:
  pki::test::TempDir dir_;
};

}  // namespace certspan::pkcs11::test
