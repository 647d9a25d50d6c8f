#include "plugins/common/pki/key_transport.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::must_run;
using test::TempDir;

const PrivateKey& rsa_key() {
  static const PrivateKey key = generate_private_key(KeySpec::Rsa2048).value();
  return key;
}

Result<KeyTransport> read(const DerWriter& writer) {
  DerReader reader(writer.view(), "test");
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier identifier, read_algorithm_identifier(reader, "test"));
  return read_key_transport(identifier);
}

std::string openssl_options(KeyTransport transport) {
  switch (transport) {
    case KeyTransport::Pkcs1:
      return "-pkeyopt rsa_padding_mode:pkcs1";
    case KeyTransport::OaepSha1:
      return "-pkeyopt rsa_padding_mode:oaep";
    case KeyTransport::OaepSha256:
      return "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256";
  }
  return "";
}

}  // namespace

TEST_CASE("keys that openssl wraps are unwrapped, and the other way round") {
  const TempDir dir;
  const SecretBytes pem = rsa_key().to_pem().value();
  dir.write("k.pem", pem.reveal());
  const KeyUnwrapper unwrapper(rsa_key());
  for (const KeyTransport transport :
       {KeyTransport::Pkcs1, KeyTransport::OaepSha1, KeyTransport::OaepSha256}) {
    for (const std::size_t size : {8U, 16U, 24U, 32U}) {
      dir.write("key", Bytes(size, 0xA5));
      must_run(dir,
               "openssl pkeyutl -encrypt -inkey k.pem -in key -out wrapped " + openssl_options(transport));
      const UnwrappedKey unwrapped = unwrapper.unwrap(transport, dir.read("wrapped"), size).value();
      CHECK(unwrapped.good == 0xFFFFFFFF);
      CHECK(equal(unwrapped.key.reveal(), Bytes(size, 0xA5)));
    }
    dir.write("wrapped", wrap_key(transport, rsa_key().public_key(), Bytes(16, 0x5A)).value());
    must_run(dir, "openssl pkeyutl -decrypt -inkey k.pem -in wrapped -out key " + openssl_options(transport));
    CHECK(dir.read("key") == Bytes(16, 0x5A));
  }
}

TEST_CASE("what is wrapped wrongly gives a key that depends on the ciphertext and nothing else") {
  const KeyUnwrapper unwrapper(rsa_key());
  const Bytes wrapped = wrap_key(KeyTransport::Pkcs1, rsa_key().public_key(), Bytes(16, 1)).value();
  // The right padding around a key of another size, another padding, and no padding at all.
  for (const auto& [transport, size] :
       {std::pair(KeyTransport::Pkcs1, 32), std::pair(KeyTransport::Pkcs1, 15),
        std::pair(KeyTransport::OaepSha1, 16), std::pair(KeyTransport::OaepSha256, 16)}) {
    const UnwrappedKey first = unwrapper.unwrap(transport, wrapped, static_cast<std::size_t>(size)).value();
    const UnwrappedKey second = unwrapper.unwrap(transport, wrapped, static_cast<std::size_t>(size)).value();
    CHECK(first.good == 0);
    CHECK(first.key.size() == static_cast<std::size_t>(size));
    CHECK(equal(first.key.reveal(), second.key.reveal()));
    const UnwrappedKey other =
        KeyUnwrapper(rsa_key()).unwrap(transport, wrapped, static_cast<std::size_t>(size)).value();
    CHECK_FALSE(equal(first.key.reveal(), other.key.reveal()));
  }
}

TEST_CASE("no ciphertext makes unwrapping fail loudly") {
  const KeyUnwrapper unwrapper(rsa_key());
  const BytesView modulus = rsa_key().public_key().rsa_modulus();
  Bytes below = to_bytes(modulus);
  below.back() = static_cast<std::uint8_t>(below.back() - 1);
  for (const Bytes& wrapped : {Bytes{}, Bytes{1}, Bytes(255, 7), Bytes(257, 7), Bytes(256, 0),
                               Bytes(256, 0xFF), to_bytes(modulus), below, Bytes(5000, 1)}) {
    for (const KeyTransport transport :
         {KeyTransport::Pkcs1, KeyTransport::OaepSha1, KeyTransport::OaepSha256}) {
      const Result<UnwrappedKey> unwrapped = unwrapper.unwrap(transport, wrapped, 16);
      REQUIRE(unwrapped);
      CHECK(unwrapped->good == 0);
    }
  }
}

TEST_CASE("block padding is taken off or said to be bad without a word about how") {
  const auto unpad = [](Bytes plain, std::size_t block) { return size_without_padding(plain, block); };
  for (std::uint8_t padding = 1; padding <= 16; ++padding) {
    Bytes plain(32, 0x77);
    std::fill(plain.end() - padding, plain.end(), padding);
    CHECK(unpad(plain, 16).size == 32U - padding);
    CHECK(unpad(plain, 16).good == 0xFFFFFFFF);
    CHECK((unpad(plain, 8).good != 0) == (padding <= 8));
    if (padding < 2) continue;
    plain[static_cast<std::size_t>(32 - padding)] ^= 1;
    CHECK(unpad(plain, 16).size == 32);
    CHECK(unpad(plain, 16).good == 0);
  }
  CHECK(unpad(Bytes(16, 0), 16).good == 0);
  CHECK(unpad(Bytes(16, 17), 16).good == 0);
  CHECK(unpad(Bytes(16, 0xFF), 16).good == 0);
  CHECK(unpad(Bytes(16, 16), 16).size == 0);
}

TEST_CASE("key transport algorithms are written as they are read") {
  for (const KeyTransport transport :
       {KeyTransport::Pkcs1, KeyTransport::OaepSha1, KeyTransport::OaepSha256}) {
    DerWriter writer;
    write_key_transport(writer, transport);
    CHECK(read(writer).value() == transport);
  }
  DerWriter absent;
  absent.algorithm(oids::kRsaesOaep);
  CHECK(read(absent).value() == KeyTransport::OaepSha1);
  DerWriter null;
  null.algorithm_with_null(oids::kRsaesOaep);
  CHECK(read(null).value() == KeyTransport::OaepSha1);
}

TEST_CASE("OAEP with two digests, other digests or a label is unsupported") {
  DerWriter mixed;
  mixed.begin(tag::kSequence).oid(oids::kRsaesOaep).begin(tag::kSequence);
  mixed.begin(tag::context_constructed(0)).algorithm_with_null(oids::kSha256).end().end().end();
  CHECK(read(mixed).error().kind == FaultKind::UnsupportedAlgorithm);
  DerWriter sha512;
  sha512.begin(tag::kSequence).oid(oids::kRsaesOaep).begin(tag::kSequence);
  sha512.begin(tag::context_constructed(0)).algorithm_with_null(oids::kSha512).end().end().end();
  CHECK(read(sha512).error().kind == FaultKind::UnsupportedAlgorithm);
  DerWriter label;
  label.begin(tag::kSequence).oid(oids::kRsaesOaep).begin(tag::kSequence).begin(tag::context_constructed(2));
  label.begin(tag::kSequence).oid(oids::kPSpecified).octet_string(Bytes{1}).end().end().end().end();
  CHECK(read(label).error().kind == FaultKind::UnsupportedAlgorithm);
  DerWriter dh;
  dh.algorithm(oids::kEcPublicKey);
  CHECK(read(dh).error().kind == FaultKind::UnsupportedAlgorithm);
}

}  // namespace certspan::pki
