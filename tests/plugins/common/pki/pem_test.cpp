#include "plugins/common/pki/pem.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/base64.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {

TEST_CASE("base64 is that of the coreutils, and strict") {
  const test::TempDir dir;
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes bytes(size, static_cast<std::uint8_t>(0xF0 + size));
    dir.write("b", bytes);
    CHECK(base64_encode(bytes) + "\n" == test::must_run(dir, "base64 -w0 b; echo"));
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
  }
  for (const std::string bad :
       {"A", "AA", "AAA", "AA=A", "====", "A===", "AA==AAAA", "AAA-", "AA A", "AB==", "AAB="}) {
    INFO(bad);
    CHECK_FALSE(base64_decode(bad));
  }
}

TEST_CASE("certificates are found among other text, with any line ends") {
  const test::TempDir dir;
  test::must_run(dir,
                 "openssl req -new -x509 -newkey rsa:2048 -nodes -keyout k -out a.pem -subj /CN=a && openssl "
                 "req -new -x509 -key k "
                 "-out b.pem -subj /CN=b && (echo note; cat a.pem k b.pem; echo end) | sed 's/$/\\r/' > "
                 "all.pem && openssl x509 -in "
                 "a.pem -outform DER -out a.der");
  const std::vector<Certificate> found = load_certificates(dir.read_text("all.pem")).value();
  REQUIRE(found.size() == 2);
  CHECK(equal(found[0].der(), dir.read("a.der")));
  CHECK(pem_encode(kPemCertificate, dir.read("a.der")) == dir.read_text("a.pem"));
}

TEST_CASE("a file without a certificate or with a broken one is refused") {
  CHECK_FALSE(load_certificates(""));
  CHECK_FALSE(load_certificates("-----BEGIN CERTIFICATE-----\nAAAA\n"));
  CHECK_FALSE(load_certificates("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n"));
  CHECK_FALSE(load_certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace certspan::pki
