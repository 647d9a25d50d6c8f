#include "host/loading/trust/plugin_trust.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/host/loading/loading_fixture.hpp"
#include "tests/host/loading/trust/trust_keys.hpp"

namespace certspan {
namespace {

using Catch::Matchers::Contains;
using Kind = TrustGround::Kind;

const std::string kSha256(64, 'a');

/// An admin who trusts the vendor Acme for what is below com.acme.
class Admin {
 public:
  Admin() {
    auto key = PluginPublicKey::from_pem(acme_.public_pem());
    REQUIRE(key);
    trust.signers.push_back({"acme", std::move(*key), {"com.acme.*", "single"}});
  }

  static std::string signed_with(const test::KeyPair& pair, const std::string& sha256) {
    const auto key = PluginPrivateKey::from_pem(Secret(copy_of(as_bytes(pair.private_pem()))), nullptr);
    REQUIRE(key);
    return signature_text(*key->sign(sha256));
  }
  std::string acme_signs(const std::string& sha256) const { return signed_with(acme_, sha256); }

  PluginTrust trust;

 private:
  test::KeyPair acme_{"ED25519"};
};

PluginEvidence evidence_of(std::string_view id) {
  return {.id = id, .sha256 = kSha256, .directory = "/opt/acme"};
}

std::string said(const Result<TrustGround>& judged) {
  return judged ? to_string(*judged) : judged.error().code;
}

TEST_CASE("a plugin that nobody speaks for is refused with both ways to let it in") {
  const Admin admin;
  const auto judged = judge_plugin(evidence_of("com.acme.ca"), admin.trust);
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().code == "plugin.unsigned");
  CHECK_THAT(judged.error().message, Contains("com.acme.ca.so.sig") && Contains("`plugins: trust: keys:`") &&
                                         Contains("{ com.acme.ca: " + kSha256 + " }"));
}

TEST_CASE("a signature of a listed key lets its file in and no other") {
  const Admin admin;
  auto evidence = evidence_of("com.acme.ca");
  evidence.signature = admin.acme_signs(kSha256);
  CHECK(said(judge_plugin(evidence, admin.trust)) == "signed by \"acme\"");
  evidence.signature = admin.acme_signs(std::string(64, 'b'));
  const auto judged = judge_plugin(evidence, admin.trust);
  CHECK(said(judged) == "plugin.wrong_signature");
  CHECK_THAT(judged.error().message, Contains("key \"acme\"") && Contains(kSha256));
  evidence.signature = "-----BEGIN PGP SIGNATURE-----\n";
  CHECK(said(judge_plugin(evidence, admin.trust)) == "plugin.bad_signature");
  const auto stranger = Admin::signed_with(test::KeyPair("P-256"), kSha256);
  evidence.signature = stranger;
  const auto unknown = judge_plugin(evidence, admin.trust);
  CHECK(said(unknown) == "plugin.unknown_signer");
  CHECK_THAT(unknown.error().message, Contains(parse_signature(stranger)->key_id));
}

TEST_CASE("a key signs for the ids that are listed with it, word by word") {
  const Admin admin;
  const TrustedSigner& acme = admin.trust.signers.front();
  for (const char* id : {"com.acme.ca", "com.acme.ca.v2", "single"}) CHECK(acme.may_sign(id));
  for (const char* id : {"com.acme", "com.acme.", "com.acmeville.ca", "com.other.ca", "ndes", "single.one",
                         "", "org.com.acme.ca"}) {
    CAPTURE(id);
    CHECK_FALSE(acme.may_sign(id));
    const auto checked = check_signer({Kind::Signed, "acme"}, id, admin.trust);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == "plugin.signer_not_allowed");
    CHECK_THAT(checked.error().message, Contains("key \"acme\"") && Contains("com.acme.*, single"));
  }
  CHECK(check_signer({Kind::Signed, "acme"}, "com.acme.ca", admin.trust).has_value());
  CHECK(check_signer({Kind::Pinned, {}}, "com.other.ca", admin.trust).has_value());
  CHECK_FALSE(check_signer({Kind::Signed, "gone"}, "com.acme.ca", admin.trust).has_value());
}

TEST_CASE("a pin lets in its file and no other, whoever signed that") {
  Admin admin;
  admin.trust.pins["com.acme.ca"] = kSha256;
  auto evidence = evidence_of("com.acme.ca");
  CHECK(said(judge_plugin(evidence, admin.trust)) == "pinned");
  admin.trust.pins["com.acme.ca"] = std::string(64, 'b');
  evidence.signature = admin.acme_signs(kSha256);
  CHECK(said(judge_plugin(evidence, admin.trust)) == "plugin.pin_mismatch");
}

TEST_CASE("a revoked file is refused though it is signed, pinned, shipped and allowed unsigned") {
  Admin admin;
  const test::Installation installation;
  admin.trust.own_dirs = {installation.dir()};
  admin.trust.program_owner = ::geteuid();
  admin.trust.danger_allow_unsigned = true;
  auto evidence = evidence_of("single");
  evidence.directory = std::filesystem::canonical(installation.dir());
  evidence.signature = admin.acme_signs(kSha256);
  REQUIRE(judge_plugin(evidence, admin.trust).has_value());
  admin.trust.pins["single"] = kSha256;
  REQUIRE(judge_plugin(evidence, admin.trust).has_value());
  admin.trust.revoked = {kSha256};
  CHECK(said(judge_plugin(evidence, admin.trust)) == "plugin.revoked");
}

TEST_CASE("the program's own plugins need no signature: plain words in its own directory") {
  const test::Installation installation;
  PluginTrust trust;
  trust.own_dirs = {installation.root() / "nowhere", installation.dir() / "." / ""};
  trust.program_owner = 1234;
  auto evidence = evidence_of("ndes");
  CHECK(said(judge_plugin(evidence, trust)) == "plugin.unsigned");
  evidence.directory = std::filesystem::canonical(installation.dir());
  CHECK(said(judge_plugin(evidence, trust)) == "shipped");
  evidence.file_owner = evidence.directory_owner = 1234;
  CHECK(said(judge_plugin(evidence, trust)) == "shipped");

  SECTION("a vendor's plugin does not become one by lying there") {
    evidence.id = "com.acme.ca";
    CHECK(said(judge_plugin(evidence, trust)) == "plugin.unsigned");
  }
  SECTION("nor does a file that somebody else can change") {
    evidence.file_owner = 4321;
    const auto judged = judge_plugin(evidence, trust);
    CHECK(said(judged) == "plugin.unsigned");
    CHECK_THAT(judged.error().message, Contains("does not belong to root or to the owner"));
  }
  SECTION("nor one in a directory of somebody else") {
    evidence.directory_owner = 4321;
    CHECK(said(judge_plugin(evidence, trust)) == "plugin.unsigned");
  }
}

TEST_CASE(
    "the development switch lets in what is unsigned or signed by strangers, but not what was changed") {
  Admin admin;
  admin.trust.danger_allow_unsigned = true;
  auto evidence = evidence_of("com.other.ca");
  CHECK(said(judge_plugin(evidence, admin.trust)) == "unsigned");
  evidence.signature = Admin::signed_with(test::KeyPair("ED25519"), kSha256);
  CHECK(said(judge_plugin(evidence, admin.trust)) == "unsigned");
  evidence.signature = admin.acme_signs(std::string(64, 'b'));
  CHECK(said(judge_plugin(evidence, admin.trust)) == "plugin.wrong_signature");
  evidence.signature = "";
  CHECK(said(judge_plugin(evidence, admin.trust)) == "plugin.bad_signature");
  evidence.signature = admin.acme_signs(kSha256);
  CHECK(said(judge_plugin(evidence, admin.trust)) == "signed by \"acme\"");
}

TEST_CASE("a list of revoked files takes what sha256sum prints, and comments") {
  const auto revoked = parse_revoked_list("# CVE-2026-1\n" + kSha256 + "  com.acme.ca.so\n\n \t\n" +
                                          std::string(64, 'B') + "\r\n" + std::string(64, 'c'));
  if (!revoked) FAIL(revoked.error().message);
  CHECK(*revoked == std::set<std::string, std::less<>>{kSha256, std::string(64, 'b'), std::string(64, 'c')});
  CHECK(parse_revoked_list("")->empty());
  for (const std::string& bad :
       {kSha256.substr(1), kSha256 + "0", std::string(64, 'g'), "com.acme.ca.so  " + kSha256, " " + kSha256,
        kSha256 + "," + kSha256, std::string(64, '\0')}) {
    CAPTURE(bad);
    const auto refused = parse_revoked_list("# first\n" + bad + "\n");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "plugin.bad_revoked_list");
    CHECK_THAT(refused.error().message, Contains("line 2") && Contains("sha256sum"));
  }
}

}  // namespace
}  // namespace certspan
