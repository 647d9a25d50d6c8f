#include "plugins/common/pki/private_key.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::must_run;
using test::TempDir;

}  // namespace

TEST_CASE("keys in every form that openssl writes are loaded and sign") {
  const TempDir dir;
  must_run(dir,
           "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem && openssl rsa -in "
           "rsa.pem -traditional -out "
           "trad.pem && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec.pem && "
           "openssl ec -in ec.pem -out "
           "sec1.pem && openssl pkcs8 -topk8 -in rsa.pem -passout pass:secret -out locked.pem");
  for (const std::string name : {"rsa.pem", "trad.pem", "ec.pem", "sec1.pem", "locked.pem"}) {
    INFO(name);
    const Result<PrivateKey> key = load_private_key(dir.read(name), name == "locked.pem" ? "secret" : "");
    REQUIRE(key);
    const SignatureAlgorithm algorithm = key->default_algorithm();
    const Bytes signature = key->sign(algorithm.digest, as_bytes("data")).value();
    CHECK(key->public_key().verify(algorithm, as_bytes("data"), signature));
  }
}

TEST_CASE("a signature with PSS is what openssl verifies, and EC keys make none") {
  const TempDir dir;
  must_run(dir, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
  const PrivateKey key = load_private_key(dir.read("rsa.pem")).value();
  dir.write("data", as_bytes("data"));
  for (const Digest digest : {Digest::Sha256, Digest::Sha512}) {
    dir.write("signature", key.sign_pss(digest, as_bytes("data")).value());
    CHECK_THAT(must_run(dir, "openssl dgst -" + std::string(digest_name(digest)) +
                                 " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -prverify "
                                 "rsa.pem -signature signature data"),
               Catch::Matchers::Contains("Verified OK"));
  }
  const PrivateKey ec = generate_private_key(KeySpec::P256).value();
  CHECK(ec.sign_pss(Digest::Sha256, as_bytes("data")).error().kind == FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("a wrong passphrase, none, and what is no key are told apart from a fault of ours") {
  const TempDir dir;
  must_run(dir,
           "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:secret -out "
           "k.pem && openssl "
           "genpkey -algorithm ED25519 -out ed.pem");
  CHECK(load_private_key(dir.read("k.pem"), "wrong").error().kind == FaultKind::Malformed);
  CHECK(load_private_key(dir.read("k.pem")).error().kind == FaultKind::Malformed);
  CHECK(load_private_key(as_bytes("no key")).error().kind == FaultKind::Malformed);
  CHECK(load_private_key({}).error().kind == FaultKind::Malformed);
  CHECK(load_private_key(dir.read("ed.pem")).error().kind == FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("generated keys are what was asked for and survive their PEM form") {
  for (const auto& [text, kind, bits] :
       {std::tuple("rsa:2048", KeyKind::Rsa, 2048), std::tuple("p256", KeyKind::EcP256, 256),
        std::tuple("p384", KeyKind::EcP384, 384)}) {
    const PrivateKey key = generate_private_key(parse_key_spec(text).value()).value();
    CHECK(key.public_key().kind() == kind);
    CHECK(key.public_key().bits() == bits);
    const TempDir dir;
    const SecretBytes plain = key.to_pem().value();
    dir.write("k.pem", plain.reveal());
    CHECK_THAT(must_run(dir, "openssl pkey -in k.pem -check -noout"),
               Catch::Matchers::Contains("Key is valid"));
    CHECK(load_private_key(plain.reveal())->public_key() == key.public_key());
    const SecretBytes locked = key.to_pem("secret").value();
    CHECK_THAT(std::string(locked.reveal_text()), Catch::Matchers::Contains("ENCRYPTED PRIVATE KEY"));
    CHECK_FALSE(load_private_key(locked.reveal(), ""));
    CHECK(load_private_key(locked.reveal(), "secret")->public_key() == key.public_key());
  }
  for (const std::string bad : {"", "rsa", "rsa:1024", "p521", "RSA:2048"}) CHECK_FALSE(parse_key_spec(bad));
}

TEST_CASE("one key signs and decrypts on many threads at once") {
  const PrivateKey key = generate_private_key(KeySpec::Rsa2048).value();
  const Bytes number(256, 0x11);
  const SecretBytes expected = key.decrypt_raw(number).value();
  std::vector<std::thread> threads;
  std::array<int, 8> good{};
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&, t] {
      const std::string data = "thread " + std::to_string(t);
      for (int i = 0; i < 20; ++i) {
        const Bytes signature =
            key.sign(i % 2 == 0 ? Digest::Sha256 : Digest::Sha512, as_bytes(data)).value();
        const SignatureAlgorithm algorithm{KeyFamily::Rsa, i % 2 == 0 ? Digest::Sha256 : Digest::Sha512};
        const bool signed_well = key.public_key().verify(algorithm, as_bytes(data), signature).has_value();
        const bool decrypted_well = equal(key.decrypt_raw(number).value().reveal(), expected.reveal());
        good[t] += signed_well && decrypted_well ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : good) CHECK(count == 20);
}

TEST_CASE("an EC key does not decrypt") {
  const PrivateKey key = generate_private_key(KeySpec::P256).value();
  CHECK(key.decrypt_raw(Bytes(32)).error().kind == FaultKind::UnsupportedAlgorithm);
}

}  // namespace certspan::pki
