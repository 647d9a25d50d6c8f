#include "plugins/ca_local/authority.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "plugins/common/pki/pem.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::ca_local {
namespace {

using pki::test::must_run;
using pki::test::TempDir;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// root.pem -> middle.pem -> issuing.pem with their keys, made by openssl. `root_options` go into the root.
class Company {
 public:
  explicit Company(const std::string& root_options = "basicConstraints=critical,CA:TRUE") {
    must_run(dir, kNewKey + " -x509 -days 3650 -subj '/CN=Root' -keyout root.key -out root.pem -addext " +
                      root_options + " -addext keyUsage=critical,keyCertSign");
    sign("middle", "Middle", "root");
    sign("issuing", "Issuing", "middle");
  }

  TempDir dir;

  std::string pem(const std::string& name) const { return dir.read_text(name + ".pem"); }
  pki::PrivateKey key(const std::string& name) const {
    return pki::load_private_key(pki::as_bytes(dir.read_text(name + ".key"))).value();
  }

 private:
  inline static const std::string kNewKey = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

  void sign(const std::string& name, const std::string& subject, const std::string& by) {
    must_run(dir,
             kNewKey + " -new -subj '/CN=" + subject + "' -keyout " + name + ".key -out " + name + ".csr");
    must_run(dir,
             "printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n"
             "subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > ca.ext");
    must_run(dir, "openssl x509 -req -days 1000 -in " + name + ".csr -CA " + by + ".pem -CAkey " + by +
                      ".key -CAcreateserial -extfile ca.ext -out " + name + ".pem");
  }
};

TEST_CASE("a chain is read from the issuing CA up") {
  const Company company;
  const auto chain = read_chain(company.pem("issuing") + company.pem("middle") + company.pem("root"), now());
  REQUIRE(chain);
  CHECK(chain->size() == 3);
  CHECK(read_chain(company.pem("issuing"), now()));
  CHECK(read_chain(company.pem("issuing") + company.pem("middle"), now()));
  const auto gap = read_chain(company.pem("issuing") + company.pem("root"), now());
  REQUIRE_FALSE(gap);
  CHECK(gap.error().message.find("not signed by the next one") != std::string::npos);
  CHECK_FALSE(read_chain(company.pem("middle") + company.pem("issuing"), now()));
}

TEST_CASE("a chain in any order is brought into order and must reach a root") {
  const Company company;
  const auto order = [&](const std::string& pem, const std::string& key) {
    return order_chain(pki::load_certificates(pem).value(), company.key(key).public_key(), now());
  };
  const auto chain = order(company.pem("root") + company.pem("issuing") + company.pem("middle"), "issuing");
  REQUIRE(chain);
  REQUIRE(chain->size() == 3);
  CHECK(pki::equal((*chain)[0].der(), pki::load_certificates(company.pem("issuing")).value()[0].der()));
  CHECK((*chain)[2].is_self_issued());
  // What belongs to no chain of this CA is left out.
  CHECK(order(company.pem("root") + company.pem("issuing") + company.pem("middle"), "middle")->size() == 2);

  const auto open_end = order(company.pem("issuing") + company.pem("middle"), "issuing");
  REQUIRE_FALSE(open_end);
  CHECK(open_end.error().message.find("CN=Root") != std::string::npos);
  CHECK_FALSE(order(company.pem("root") + company.pem("middle"), "issuing"));
}

TEST_CASE("a root that allows fewer CAs below it ends the chain with that reason") {
  const Company company("basicConstraints=critical,CA:TRUE,pathlen:1");
  CHECK(read_chain(company.pem("middle") + company.pem("root"), now()));
  const auto chain = read_chain(company.pem("issuing") + company.pem("middle") + company.pem("root"), now());
  REQUIRE_FALSE(chain);
  CHECK(chain.error().message.find("pathLenConstraint") != std::string::npos);
}

TEST_CASE("a self-signed certificate with a broken signature is no root") {
  const Company company;
  auto certificates = pki::load_certificates(company.pem("root")).value();
  pki::Bytes der = pki::to_bytes(certificates.front().der());
  der.back() = static_cast<std::uint8_t>(der.back() ^ 1U);
  std::vector<pki::Certificate> broken;
  broken.push_back(pki::Certificate::parse(der).value());
  CHECK_FALSE(order_chain(std::move(broken), company.key("root").public_key(), now()));
}

TEST_CASE("an authority is made only of a certificate and its own key") {
  const Company company;
  CHECK(Authority::make(read_chain(company.pem("issuing"), now()).value(), company.key("issuing")));
  const auto wrong = Authority::make(read_chain(company.pem("issuing"), now()).value(), company.key("root"));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("CN=Issuing") != std::string::npos);
}

TEST_CASE("serial numbers have up to 128 bits, none is zero, and they differ") {
  std::vector<pki::Bytes> serials;
  for (int i = 0; i < 1000; ++i) serials.push_back(random_serial());
  CHECK(std::ranges::all_of(serials, [](const pki::Bytes& serial) {
    return !serial.empty() && serial.size() <= 16 && serial[0] != 0;
  }));
  CHECK(std::ranges::any_of(
      serials, [](const pki::Bytes& serial) { return serial.size() == 16 && serial[0] >= 0x80; }));
  std::ranges::sort(serials);
  CHECK(std::ranges::adjacent_find(serials) == serials.end());
}

}  // namespace
}  // namespace certspan::ca_local
