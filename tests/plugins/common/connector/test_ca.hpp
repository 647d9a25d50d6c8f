// A certificate authority made by openssl, and requests for it.
#pragma once

#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::test {

/// Files in a directory of its own: ca.pem, ca.key, ca_subject.der.
class TestCa {
 public:
  /// `new_key`: arguments of `openssl req -newkey`. `days` of validity from now on.
  explicit TestCa(std::string_view new_key = "ec -pkeyopt ec_paramgen_curve:P-256", int days = 3650);

  const pki::test::TempDir& dir() const { return dir_; }
  std::string certificate_file() const { return dir_.path("ca.pem"); }
  std::string certificate_pem() const { return dir_.read_text("ca.pem"); }
  pki::Bytes certificate_der() const;
  std::string key_pem() const { return dir_.read_text("ca.key"); }

 private:
  pki::test::TempDir dir_;
};

/// What a request asks for; empty means that it does not.
struct Wish {
  std::string subject = "CN=laptop-7";
  std::string dns = {};
  pki::KeyUsage key_usage = 0;
  std::vector<pki::Oid> purposes = {};
};

pki::Bytes make_request(const pki::PrivateKey& key, const Wish& wish = {});

/// A P-256 key and an RSA-2048 key that are made once for the whole run.
const pki::PrivateKey& device_key();
const pki::PrivateKey& rsa_device_key();

}  // namespace certspan::test
