#include "tests/plugins/common/pkcs11/soft_token.hpp"

#include <cstdlib>

namespace certspan::pkcs11::test {

using pki::test::must_run;

SoftToken::SoftToken() {
  dir_.write("softhsm2.conf", "directories.tokendir = " + dir_.path("tokens") +
                                  "\nobjectstore.backend = file\nlog.level = ERROR\n");
  ::setenv("SOFTHSM2_CONF", dir_.path("softhsm2.conf").c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  must_run(dir_, "mkdir tokens && softhsm2-util --init-token --free --label certspan --so-pin 999999 --pin " +
                     std::string(kPin));
}

pki::PublicKey SoftToken::import(const std::string& kind, const std::string& label,
                                 const std::string& id) const {
  const std::string algorithm = kind.starts_with("rsa:") ? "RSA -pkeyopt rsa_keygen_bits:" + kind.substr(4)
                                                         : "EC -pkeyopt ec_paramgen_curve:" + kind;
  must_run(dir_, "openssl genpkey -algorithm " + algorithm + " -out " + label + ".pem && openssl pkey -in " +
                     label + ".pem -pubout -outform DER -out " + label + ".spki && softhsm2-util --import " +
                     label + ".pem --token certspan --label " + label + " --id " + id + " --pin " + kPin);
  return pki::PublicKey::parse(dir_.read(label + ".spki")).value();
}

void SoftToken::import_without_raw(const std::string& pem, const std::string& label) const {
  must_run(
      dir_,
      "openssl pkcs8 -topk8 -nocrypt -in " + pem + " -outform DER -out private.der && pkcs11-tool --module " +
          kModule + " --login --pin " + kPin +
          " --token-label certspan --write-object private.der --type privkey --usage-sign --usage-decrypt "
          "--allowed-mechanisms RSA-PKCS,RSA-PKCS-OAEP --id 77 --label " +
          label);
}

KeyLocation SoftToken::location(const std::string& object) const {
  return KeyLocation::parse(kModule, "pkcs11:token=certspan;" + object).value();
}

void SoftToken::remove() const {
  must_run(dir_, "mv tokens away && mkdir tokens");
}

void SoftToken::put_back() const {
  must_run(dir_, "rmdir tokens && mv away tokens");
}

PinSource SoftToken::pin(std::string value) {
  return [value] { return pki::SecretBytes(pki::as_bytes(value)); };
}

}  // namespace certspan::pkcs11::test
