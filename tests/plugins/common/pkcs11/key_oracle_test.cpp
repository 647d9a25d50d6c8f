#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "plugins/common/pki/scep_message.hpp"
#include "tests/plugins/common/pkcs11/soft_token.hpp"
#include "tests/plugins/common/pki/scep_lab.hpp"

namespace certspan::pkcs11 {
namespace {

using pki::FaultKind;
using pki::OuterMessage;
using pki::SignerTrust;
using pki::test::ScepLab;
using test::SoftToken;

// 200 messages whose wrapped key is broken in every way that the builder knows, and 100 captured envelopes
// with a flipped bit that a stranger signed.
std::string broken_transports() {
  std::string list = R"({"name": "good"}, {"name": "good_oaep", "transport": "oaep-sha1"})";
  const auto add = [&list](const std::string& kind, int count, const std::string& more) {
    for (int i = 0; i < count; ++i) {
      list +=
          ", {\"name\": \"" + kind + std::to_string(i) + "\", \"seed\": " + std::to_string(i) + more + "}";
    }
  };
  add("transport", 100, R"(, "break": "transport")");
  add("oaep", 100, R"(, "break": "transport", "transport": "oaep-sha1")");
  add("stolen", 100, R"(, "signer": "stranger", "capture": "good", "flip": true)");
  return list;
}

void refuse_alike(bool raw) {
  const ScepLab lab(broken_transports());
  const SoftToken token;
  const pki::PublicKey public_key = lab.credential().key->public_key();
  token.dir().write("ra.pem", lab.credential().key->to_pem().value().reveal());
  if (!raw) token.import_without_raw("ra.pem", "ra");
  if (raw)
    pki::test::must_run(
        token.dir(),
        "softhsm2-util --import ra.pem --token certspan --label ra --id 01 --pin " + std::string(test::kPin));
  const auto shared =
      TokenKey::open(token.location("object=ra"), SoftToken::pin(), public_key, KeyUse::SignAndDecrypt)
          .value();
  pki::RaCredential credential{std::make_shared<const pki::PrivateKey>(TokenKey::private_key(shared)),
                               lab.credential().certificate};
  REQUIRE(credential.key->decrypts_raw() == raw);
  const pki::ReplySigner signer = pki::ReplySigner::create(credential).value();
  std::vector<pki::RaCredential> credentials;
  credentials.push_back(std::move(credential));
  const pki::Opener opener = pki::Opener::create(std::move(credentials), {}).value();
  std::set<std::string> texts;
  std::set<std::size_t> reply_sizes;
  for (const auto* kind : {"transport", "oaep", "stolen"}) {
    for (int i = 0; i < 100; ++i) {
      const OuterMessage outer = pki::parse_outer(lab.message(kind + std::to_string(i))).value();
      const auto opened = pki::open_request(opener, outer, SignerTrust::SelfMade);
      INFO(kind << i);
      REQUIRE_FALSE(opened);
      REQUIRE(opened.error().kind == FaultKind::CannotOpen);
      texts.insert(opened.error().message);
      reply_sizes.insert(pki::write_failure(signer, pki::make_reply_context(outer, {}),
                                            pki::FailInfo::BadMessageCheck, "reference 1", 1790000000)
                             ->size());
    }
  }
  CHECK(texts.size() == 1);
  CHECK(reply_sizes.size() == 1);
  CHECK_FALSE(shared->trouble());
  for (const auto* name : {"good", "good_oaep"}) {
    CHECK(pki::open_request(opener, pki::parse_outer(lab.message(name)).value(), SignerTrust::SelfMade));
  }
}

}  // namespace

TEST_CASE("whatever is wrong with a wrapped key gets one answer from a key in a token") {
  refuse_alike(true);
}

TEST_CASE("whatever is wrong with a wrapped key gets one answer where the token takes the padding off") {
  refuse_alike(false);
}

}  // namespace certspan::pkcs11
