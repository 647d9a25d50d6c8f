#include "host/loading/trust/signature_file.hpp"

#include <catch2/catch.hpp>

#include "tests/host/loading/trust/trust_vectors.hpp"

namespace certspan {
namespace {

using test::kEd25519Signature;
using test::kP256Signature;

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("a signature file says who signed how, and is written as it was read") {
  const auto ed25519 = parse_signature(kEd25519Signature);
  if (!ed25519) FAIL(ed25519.error().message);
  CHECK(ed25519->algorithm == SignatureAlgorithm::Ed25519);
  CHECK(ed25519->key_id == "a2a09c26e9e449109a4418edf9b095828c3a354cd2af6fbfa5b1b87cb8ea4c3a");
  CHECK(ed25519->value.size() == 64);
  CHECK(signature_text(*ed25519) == kEd25519Signature);

  const auto p256 = parse_signature(kP256Signature);
  if (!p256) FAIL(p256.error().message);
  CHECK(p256->algorithm == SignatureAlgorithm::EcdsaP256);
  CHECK(p256->value.front() == 0x30);
  CHECK(signature_text(*p256) == kP256Signature);
}

TEST_CASE("a signature file that is cut off anywhere is refused") {
  for (const std::string& whole : {kEd25519Signature, kP256Signature}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      const auto parsed = parse_signature(std::string_view(whole).substr(0, size));
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().code == "plugin.bad_signature");
    }
  }
}

TEST_CASE("a signature has one spelling, so that nothing can hide in its file") {
  const std::string& good = kEd25519Signature;
  for (const std::string& bad : {good + "\n",
                                 good + " ",
                                 good + good,
                                 " " + good,
                                 "\n" + good,
                                 std::string("\xEF\xBB\xBF") + good,
                                 with(good, "signature 1\n", "signature 2\n"),
                                 with(good, "signature 1\n", "signature 1 \n"),
                                 with(good, "certspan", "Certspan"),
                                 with(good, "\n", "\r\n"),
                                 with(good, "algorithm: ", "algorithm:"),
                                 with(good, "algorithm: ed25519\n", ""),
                                 with(good, ": ed25519", ": Ed25519"),
                                 with(good, ": ed25519", ": ed25519ph"),
                                 with(good, ": ed25519", ": none"),
                                 with(good, ": ed25519", ": ecdsa-p256-sha256x"),
                                 with(good, "key: a2", "key: A2"),
                                 with(good, "key: a2", "key: 2"),
                                 with(good, "key: a2", "key: 0a2"),
                                 with(good, "key: a2", "key: g2"),
                                 with(good, "\nkey: ", "\nkey:  "),
                                 with(good, "DA==", "DB=="),
                                 with(good, "DA==", "DA"),
                                 with(good, "DA==",
                                      "DA=="
                                      "DA=="),
                                 with(good, "DA==", "DA= ="),
                                 with(good, "cYUT", "cY\nT"),
                                 with(good, "cYUT", "cY-T"),
                                 with(good, "cYUT", " cYUT"),
                                 with(good, "cYUT", ""),
                                 with(good, "cYUTyAC/QqeN", ""),
                                 with(good, "\nsignature: ", "\ncomment: x\nsignature: "),
                                 std::string(good).append(1, '\0'),
                                 std::string(1U << 20, 'A'),
                                 good.substr(0, good.find("key: ")) + "key: " + std::string(1000, 'a')}) {
    CAPTURE(bad);
    const auto parsed = parse_signature(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == "plugin.bad_signature");
    CHECK(parsed.error().message.find("certspan plugin sign") != std::string::npos);
  }
}

TEST_CASE("a signature of the other algorithm's size is refused") {
  CHECK_FALSE(parse_signature(with(kP256Signature, "ecdsa-p256-sha256", "ed25519")));
  // 64 bytes could be ECDSA's: then the key decides.
  CHECK(parse_signature(with(kEd25519Signature, "ed25519", "ecdsa-p256-sha256")));
}

TEST_CASE("what is signed begins with words that no other use of a key writes") {
  CHECK(signed_statement(test::kAbc) == "certspan plugin signature 1\nsha256: " + test::kAbc + "\n");
}

}  // namespace
}  // namespace certspan
