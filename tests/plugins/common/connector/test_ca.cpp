#include "tests/plugins/common/connector/test_ca.hpp"

#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"

namespace certspan::test {

TestCa::TestCa(std::string_view new_key, int days) {
  pki::test::must_run(dir_,
                      "openssl req -x509 -newkey " + std::string(new_key) +
                          " -nodes -keyout ca.key -out ca.pem -subj '/O=Example/CN=Example Test CA' -days " +
                          std::to_string(days) +
                          " -addext 'basicConstraints=critical,CA:TRUE'"
                          " -addext 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'");
  const auto chain = pki::load_certificates(certificate_pem());
  dir_.write("ca_subject.der", chain.value().front().subject());
}

pki::Bytes TestCa::certificate_der() const {
  const auto chain = pki::load_certificates(certificate_pem());
  return pki::to_bytes(chain.value().front().der());
}

pki::Bytes make_request(const pki::PrivateKey& key, const Wish& wish) {
  const pki::Bytes subject = pki::encode_name(wish.subject).value();
  pki::Bytes names;
  if (!wish.dns.empty()) {
    const pki::GeneralName name{pki::GeneralNameKind::Dns, wish.dns, {}};
    names = pki::encode_general_names({&name, 1});
  }
  pki::RequestTemplate what;
  what.subject = subject;
  what.key_usage = wish.key_usage;
  what.extended_key_usage = wish.purposes;
  what.subject_alt_names = names;
  return pki::write_certificate_request(what, key).value();
}

const pki::PrivateKey& device_key() {
  static const pki::PrivateKey key = pki::generate_private_key(pki::KeySpec::P256).value();
  return key;
}

const pki::PrivateKey& rsa_device_key() {
  static const pki::PrivateKey key = pki::generate_private_key(pki::KeySpec::Rsa2048).value();
  return key;
}

}  // namespace certspan::test
