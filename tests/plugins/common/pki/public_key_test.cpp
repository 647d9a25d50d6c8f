#include "plugins/common/pki/public_key.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::must_run;
using test::TempDir;

Bytes rsa_spki(BytesView modulus, BytesView exponent) {
  DerWriter writer;
  writer.begin(tag::kSequence).algorithm_with_null(oids::kRsaEncryption).begin_bit_string();
  writer.begin(tag::kSequence).unsigned_integer(modulus).unsigned_integer(exponent).end().end().end();
  return writer.take();
}

Bytes ec_spki(const Oid& curve, BytesView point) {
  DerWriter writer;
  writer.begin(tag::kSequence).begin(tag::kSequence).oid(oids::kEcPublicKey).oid(curve).end();
  return writer.bit_string(point).end().take();
}

// No prime below 168 divides the one of 2048 bits.
Bytes odd_modulus(std::size_t octets) {
  Bytes modulus(octets, 0xC1);
  modulus.back() = 0x01;
  return modulus;
}

}  // namespace

TEST_CASE("keys that openssl makes verify signatures that openssl makes") {
  const auto [make, kind, bits] = GENERATE(table<std::string, KeyKind, int>({
      {"RSA -pkeyopt rsa_keygen_bits:2048", KeyKind::Rsa, 2048},
      {"RSA -pkeyopt rsa_keygen_bits:3072", KeyKind::Rsa, 3072},
      {"EC -pkeyopt ec_paramgen_curve:P-256", KeyKind::EcP256, 256},
      {"EC -pkeyopt ec_paramgen_curve:P-384", KeyKind::EcP384, 384},
      {"EC -pkeyopt ec_paramgen_curve:P-521", KeyKind::EcP521, 521},
  }));
  const TempDir dir;
  dir.write("data", std::string_view("what is signed"));
  must_run(dir, "openssl genpkey -algorithm " + make +
                    " -out k.pem && openssl pkey -in k.pem -pubout -outform DER -out p.der");
  const Result<PublicKey> key = PublicKey::parse(dir.read("p.der"));
  REQUIRE(key);
  CHECK(key->kind() == kind);
  CHECK(key->bits() == bits);
  CHECK(equal(key->spki(), dir.read("p.der")));
  for (const Digest digest : {Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512}) {
    const std::string name(digest_name(digest));
    must_run(dir, "openssl dgst -" + name + " -sign k.pem -out sig data");
    Bytes signature = dir.read("sig");
    CHECK(key->verify({key->family(), digest}, dir.read("data"), signature));
    CHECK(key->verify({key->family(), digest}, as_bytes("another"), signature).error().kind ==
          FaultKind::BadSignature);
    signature.back() ^= 1;
    CHECK(key->verify({key->family(), digest}, dir.read("data"), signature).error().kind ==
          FaultKind::BadSignature);
    CHECK_FALSE(key->verify({key->family(), digest}, dir.read("data"), {}));
  }
  const KeyFamily other = key->family() == KeyFamily::Rsa ? KeyFamily::Ec : KeyFamily::Rsa;
  CHECK(key->verify({other, Digest::Sha256}, dir.read("data"), dir.read("sig")).error().kind ==
        FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("the key identifier is openssl's subject key identifier") {
  const TempDir dir;
  const std::string text =
      must_run(dir,
               "openssl req -new -x509 -newkey rsa:2048 -nodes -keyout k -out c.pem -subj /CN=x -addext "
               "subjectKeyIdentifier=hash 2>/dev/null && openssl x509 -in c.pem -noout -ext "
               "subjectKeyIdentifier && openssl x509 "
               "-in c.pem -noout -pubkey | openssl pkey -pubin -outform DER -out p.der");
  std::string expected;
  for (const std::uint8_t octet : PublicKey::parse(dir.read("p.der"))->key_identifier()) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (!expected.empty()) expected += ':';
    expected += kDigits[octet >> 4U];
    expected += kDigits[octet & 15U];
  }
  CHECK_THAT(text, Catch::Matchers::Contains(expected));
}

TEST_CASE("numbers that can't be an RSA key are refused") {
  const Bytes good = odd_modulus(256);
  const Bytes exponent = {1, 0, 1};
  REQUIRE(PublicKey::parse(rsa_spki(good, exponent)));
  Bytes even = good;
  even.back() = 0x10;
  CHECK(PublicKey::parse(rsa_spki(even, exponent)).error().kind == FaultKind::Malformed);
  CHECK(PublicKey::parse(rsa_spki(good, Bytes{1})).error().kind == FaultKind::Malformed);
  CHECK(PublicKey::parse(rsa_spki(good, Bytes{1, 0, 0})).error().kind == FaultKind::Malformed);
  CHECK(PublicKey::parse(rsa_spki(good, Bytes{})).error().kind == FaultKind::Malformed);
  CHECK(PublicKey::parse(rsa_spki(good, Bytes(9, 0xFF))).error().kind == FaultKind::TooLarge);
  CHECK(PublicKey::parse(rsa_spki(odd_modulus(1025), exponent)).error().kind == FaultKind::TooLarge);
  CHECK(PublicKey::parse(rsa_spki(odd_modulus(63), exponent)).error().kind ==
        FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("short keys and small exponents are weak, not malformed") {
  CHECK(PublicKey::parse(rsa_spki(odd_modulus(128), Bytes{1, 0, 1}))->weakness());
  CHECK(PublicKey::parse(rsa_spki(odd_modulus(256), Bytes{3}))->weakness());
  CHECK_FALSE(PublicKey::parse(rsa_spki(odd_modulus(256), Bytes{1, 0, 1}))->weakness());
  Bytes short_by_one = odd_modulus(256);
  short_by_one[0] = 0x43;
  CHECK(PublicKey::parse(rsa_spki(short_by_one, Bytes{1, 0, 1}))->weakness());
}

TEST_CASE("a point must be uncompressed and on its curve") {
  const TempDir dir;
  must_run(dir,
           "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.pem && openssl pkey -in "
           "k.pem -pubout "
           "-outform DER -out p.der && openssl ec -in k.pem -pubout -conv_form compressed -outform DER -out "
           "c.der");
  const Bytes spki = dir.read("p.der");
  REQUIRE(PublicKey::parse(spki));
  CHECK(PublicKey::parse(dir.read("c.der")).error().kind == FaultKind::UnsupportedAlgorithm);
  for (std::size_t i = spki.size() - 64; i < spki.size(); i += 7) {
    Bytes moved = spki;
    moved[i] ^= 1;
    CHECK_FALSE(PublicKey::parse(moved));
  }
  Bytes point(spki.end() - 65, spki.end());
  CHECK_FALSE(PublicKey::parse(ec_spki(oids::kSecp384r1, point)));
  CHECK_FALSE(PublicKey::parse(ec_spki(oids::kPrime256v1, Bytes{0})));  // the point at infinity
  point[0] = 0x06;                                                      // hybrid form
  CHECK_FALSE(PublicKey::parse(ec_spki(oids::kPrime256v1, point)));
}

TEST_CASE("other kinds of keys and other encodings of ours are refused") {
  const TempDir dir;
  for (const std::string make : {"ED25519", "X25519", "EC -pkeyopt ec_paramgen_curve:secp256k1",
                                 "EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
                                 "RSA-PSS -pkeyopt rsa_keygen_bits:2048"}) {
    must_run(dir, "openssl genpkey -algorithm " + make +
                      " -out k.pem && openssl pkey -in k.pem -pubout -outform DER -out p.der");
    INFO(make);
    CHECK(PublicKey::parse(dir.read("p.der")).error().kind == FaultKind::UnsupportedAlgorithm);
  }
  DerWriter without_null;
  without_null.begin(tag::kSequence).algorithm(oids::kRsaEncryption).begin_bit_string();
  without_null.begin(tag::kSequence).unsigned_integer(odd_modulus(256)).integer(65537).end().end().end();
  CHECK(PublicKey::parse(without_null.view()).error().kind == FaultKind::Malformed);
}

TEST_CASE("a truncated or extended key is refused at every length") {
  const Bytes spki = rsa_spki(odd_modulus(256), Bytes{1, 0, 1});
  for (std::size_t size = 0; size < spki.size(); ++size)
    REQUIRE_FALSE(PublicKey::parse(BytesView(spki).first(size)));
  Bytes longer = spki;
  longer.push_back(0);
  CHECK_FALSE(PublicKey::parse(longer));
}

}  // namespace certspan::pki
