// What `danger_revoke_foreign` lets an order name: what a CA knows, but this journal does not.

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <catch2/catch.hpp>

#include "host/base/x509.hpp"
#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

constexpr const char* kSerial = "0A0B";

/// A self-signed certificate with the value of one extension, "" for none.
std::string certificate(int extension = 0, const char* value = "") {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const X509Ptr made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  X509_set_pubkey(made.get(), key.get());
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("laptop-7"),
                             -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  if (extension != 0) {
    X509_EXTENSION* written = X509V3_EXT_conf_nid(nullptr, nullptr, extension, value);
    X509_add_ext(made.get(), written, -1);
    X509_EXTENSION_free(written);
  }
  X509_sign(made.get(), key.get(), EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509(made.get(), &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

/// Orders of "queue", which may name certificates of these CAs.
std::vector<Pipeline> leavers(std::vector<std::string> issuers, bool foreign) {
  Step revoke;
  revoke.kind = StepKind::Revoke;
  revoke.connectors = std::move(issuers);
  revoke.sources = {"source"};
  revoke.reason = 5;
  revoke.revokes_foreign = foreign;
  Pipeline pipeline;
  pipeline.name = "leavers";
  pipeline.source = "queue";
  pipeline.steps = {revoke};
  return {pipeline};
}

/// How an order for kSerial ends.
WorkItem order(EngineFixture& fixture, std::vector<std::string> issuers, bool foreign = true) {
  fixture.start(leavers(std::move(issuers), foreign));
  Submission submission;
  submission.source = "queue";
  submission.message = kRevocation;
  submission.key = {1};
  submission.labels = {{"serial", kSerial}};
  REQUIRE(fixture.engine().submitter().bring(std::move(submission)) == Outcome::Ok);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (fixture.engine().status().open != 0) REQUIRE(std::chrono::steady_clock::now() < deadline);
  const auto items = fixture.items(true, true);
  REQUIRE(items.size() == 1);
  return items.front();
}

void issued(EngineFixture& fixture, const std::string& ca, const std::string& what) {
  fixture.script.issuers[ca].ledger["\x0A\x0B"] = what;
}

TEST_CASE("the CA that knows the serial number revokes the certificate, by the switch alone") {
  const std::string foreign = certificate();
  EngineFixture fixture;
  issued(fixture, "ca-2", foreign);
  const WorkItem done = order(fixture, {"ca", "ca-2"});
  CHECK(done.state == ItemState::Done);
  CHECK(done.issuer == "ca-2");
  CHECK(done.label("subject") == "CN=laptop-7");
  REQUIRE(fixture.script.issuers["ca-2"].revoked.size() == 1);
  CHECK(fixture.script.issuers["ca-2"].revoked[0] == ", " + foreign + ", 5");
  CHECK(fixture.script.issuers["ca"].revoked.empty());

  EngineFixture without;
  issued(without, "ca-2", foreign);
  CHECK(order(without, {"ca", "ca-2"}, false).code == "revocation.not_found");
  CHECK(without.script.issuers["ca-2"].revoked.empty());
}

TEST_CASE("the switch reaches no certificate that more than a device hangs on") {
  struct Case {
    int extension;
    const char* value;
  };
  for (const Case& c : {Case{NID_basic_constraints, "critical,CA:TRUE"}, Case{NID_key_usage, "keyCertSign"},
                        Case{NID_key_usage, "cRLSign"}, Case{NID_ext_key_usage, "OCSPSigning"}}) {
    INFO(c.value);
    EngineFixture fixture;
    issued(fixture, "ca", certificate(c.extension, c.value));
    CHECK(order(fixture, {"ca"}).code == "revocation.foreign");
    CHECK(fixture.script.issuers["ca"].revoked.empty());
  }
  EngineFixture fixture;
  issued(fixture, "ca", "no certificate");
  CHECK(order(fixture, {"ca"}).code == "revocation.foreign");
}

TEST_CASE("a serial number that two CAs know, or none, is none") {
  EngineFixture both;
  issued(both, "ca", certificate());
  issued(both, "ca-2", certificate());
  CHECK(order(both, {"ca", "ca-2"}).code == "revocation.ambiguous");
  EngineFixture none;
  CHECK(order(none, {"ca", "ca-2"}).code == "revocation.not_found");
}

}  // namespace
}  // namespace certspan
