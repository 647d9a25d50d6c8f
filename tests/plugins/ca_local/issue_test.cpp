#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/name.hpp"
#include "tests/plugins/ca_local/ca_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::device_key;
using certspan::test::make_hostile_requests;
using certspan::test::make_request;
using certspan::test::TestCa;
using sdk::Outcome;
using test::CaUnderTest;

std::size_t records(CaUnderTest& ca) {
  return ca.host().store.records().size();
}

TEST_CASE("the CA by itself refuses each hostile request, whatever stands before it") {
  const TestCa files;
  CaUnderTest ca(files);
  for (const auto& request : make_hostile_requests(files.dir())) {
    CAPTURE(request.name);
    const auto answer = ca.issue(request.der);
    CHECK(answer.outcome == request.outcome);
    CHECK(answer.code == "ca_local." + request.word);
    CHECK(answer.certificate.empty());
  }
  CHECK(records(ca) == 0);
}

TEST_CASE("the same key gives the same certificate, another key another one") {
  const TestCa files;
  CaUnderTest ca(files);
  const pki::Bytes request = make_request(device_key());
  const auto first = ca.issue(request, 1);
  REQUIRE(first.outcome == Outcome::Ok);
  CHECK(ca.issue(request, 1).certificate == first.certificate);
  CHECK(records(ca) == 2);
  const auto other = ca.issue(request, 2);
  REQUIRE(other.outcome == Outcome::Ok);
  CHECK(other.certificate != first.certificate);
  CHECK(records(ca) == 4);
}

TEST_CASE("a certificate that was issued is given again although its profile is gone") {
  const TestCa files;
  CaUnderTest ca(files);
  const pki::Bytes request = make_request(device_key());
  const auto first = ca.issue(request);
  CHECK(ca.issue(request, 1, "no-longer-there").certificate == first.certificate);
}

TEST_CASE("calls for one item that race end with one certificate") {
  const TestCa files;
  CaUnderTest ca(files);
  const pki::Bytes request = make_request(device_key());
  constexpr int kThreads = 8;
  std::atomic<int> ready = 0;
  std::vector<sdk::ByteBuffer> certificates(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready < kThreads) std::this_thread::yield();
      certificates[i] = ca.issue(request).certificate;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(certificates.front().empty());
  CHECK(std::set<sdk::ByteBuffer>(certificates.begin(), certificates.end()).size() == 1);
  CHECK(records(ca) == 2);
}

TEST_CASE("a call that loses the race in the store answers with what won") {
  const TestCa files;
  CaUnderTest ca(files);
  const pki::Bytes request = make_request(device_key());
  const auto winner = ca.issue(request, 1);
  // For item 2 the store refuses once, as it does when another call was faster, and nothing is there to read.
  ca.host().store.fail_next_commit(Outcome::Rejected);
  const auto loser = ca.issue(request, 2);
  CHECK(loser.outcome == Outcome::Unavailable);
  CHECK(loser.certificate.empty());
  CHECK(ca.issue(request, 1).certificate == winner.certificate);
}

TEST_CASE("nothing leaves the CA that its ledger does not hold") {
  const TestCa files;
  CaUnderTest ca(files);
  for (const Outcome failure : {Outcome::Unavailable, Outcome::Invalid, Outcome::Internal}) {
    ca.host().store.fail_next_commit(failure);
    const auto answer = ca.issue(make_request(device_key()));
    CHECK(answer.outcome == Outcome::Unavailable);
    CHECK(answer.certificate.empty());
  }
  CHECK(records(ca) == 0);
}

TEST_CASE("without a profile, or with one that is not there, nothing is issued") {
  const TestCa files;
  CaUnderTest ca(files);
  CHECK(ca.issue(make_request(device_key()), 1, "").code == "ca_local.no_profile");
  CHECK(ca.issue(make_request(device_key()), 1, "Wifi").code == "ca_local.unknown_profile");
  auto item = CaUnderTest::item_for(make_request(device_key()), 1, "wifi");
  item.key.resize(31);
  CHECK(ca.connector.issue(item).outcome == Outcome::Invalid);
  CHECK(records(ca) == 0);
}

TEST_CASE("lookup gives what was issued, and promises that what is not there never will be") {
  const TestCa files;
  CaUnderTest ca(files);
  CHECK(ca.lookup(1).outcome == Outcome::Cancelled);
  const auto issued = ca.issue(make_request(device_key()), 1);
  const auto found = ca.lookup(1);
  CHECK(found.outcome == Outcome::Ok);
  CHECK(found.certificate == issued.certificate);
  CHECK(ca.lookup(2).outcome == Outcome::Cancelled);
}

TEST_CASE("a ledger that can't be read is never taken for an empty one") {
  const TestCa files;
  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = files.key_pem();
  host.withhold(CERTSPAN_SERVICE_STORE);
  sdk::testing::ConnectorUnderTest ca(test::ca_type(), host, test::settings_for(files).dump());
  ca.start();
  auto item = CaUnderTest::item_for(make_request(device_key()), 1, "wifi");
  CHECK(ca.issue(item).outcome == Outcome::Unavailable);
  CHECK(ca.lookup(item).outcome == Outcome::Unavailable);
}

struct Found {
  Outcome outcome;
  std::uint32_t state;
  sdk::ByteBuffer certificate;
};

Found find(CaUnderTest& ca, pki::BytesView issuer, pki::BytesView serial) {
  sdk::testing::FindRecorder recorder;
  const certspan_find_request request = {sizeof(certspan_find_request), 0, sdk::to_abi(issuer),
                                         sdk::to_abi(serial)};
  const auto outcome = ca.connector.issuer().find(ca.connector.instance(), &request, recorder.sink());
  return {sdk::outcome_from_abi(outcome), recorder.state(), recorder.certificate()};
}

TEST_CASE("a certificate is found by issuer and serial number") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto issued = ca.issue(make_request(device_key()));
  const auto certificate = pki::Certificate::parse(issued.certificate).value();
  const Found good = find(ca, certificate.issuer(), certificate.serial());
  CHECK(good.outcome == Outcome::Ok);
  CHECK(good.state == CERTSPAN_CERTIFICATE_GOOD);
  CHECK(good.certificate == issued.certificate);
  const pki::Bytes other_issuer = pki::encode_name("CN=Other CA").value();
  CHECK(find(ca, other_issuer, certificate.serial()).outcome == Outcome::Rejected);
  CHECK(find(ca, certificate.issuer(), pki::Bytes{0x01}).outcome == Outcome::Rejected);
  CHECK(find(ca, {}, {}).outcome == Outcome::Rejected);
}

TEST_CASE("a revoked certificate is found as such and never handed out again") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto issued = ca.issue(make_request(device_key()));
  const auto certificate = pki::Certificate::parse(issued.certificate).value();
  const sdk::Store store = sdk::Host(ca.host().c_host()).store();
  sdk::ByteBuffer key(33, 1);
  key.front() = 'i';
  const LedgerRecord revoked{CertificateState::Revoked, pki::to_bytes(certificate.serial()),
                             issued.certificate};
  const pki::Bytes stored = encode_record(revoked);
  REQUIRE(store.commit({sdk::put_record(key, stored)}) == Outcome::Ok);
  CHECK(find(ca, certificate.issuer(), certificate.serial()).state == CERTSPAN_CERTIFICATE_REVOKED);
  for (const auto& answer : {ca.lookup(1), ca.issue(make_request(device_key()))}) {
    CHECK(answer.outcome == Outcome::Rejected);
    CHECK(answer.code == "ca_local.revoked");
    CHECK(answer.certificate.empty());
  }
}

TEST_CASE("the chain is told from the issuing CA up") {
  const TestCa files;
  CaUnderTest ca(files);
  sdk::testing::ChainRecorder chain;
  CHECK(ca.connector.issuer().chain(ca.connector.instance(), chain.sink()) == CERTSPAN_OK);
  REQUIRE(chain.certificates().size() == 1);
  CHECK(chain.certificates().front() == files.certificate_der());
}

TEST_CASE("ping is quiet until the CA's certificate nears its end, and fails after it") {
  const TestCa files("ec -pkeyopt ec_paramgen_curve:P-256", 60);
  CaUnderTest ca(files);
  const auto ping = [&ca] {
    sdk::testing::FaultRecorder faults;
    const auto outcome = ca.connector.issuer().ping(ca.connector.instance(), faults.sink());
    return std::pair(outcome, faults.faults().size());
  };
  CHECK(ping() == std::pair(CERTSPAN_OK, std::size_t{0}));
  ca.host().advance(std::chrono::hours(24 * 31));
  CHECK(ping() == std::pair(CERTSPAN_OK, std::size_t{1}));
  ca.host().advance(std::chrono::hours(24 * 30));
  CHECK(ping() == std::pair(CERTSPAN_UNAVAILABLE, std::size_t{1}));
  const auto answer = ca.issue(make_request(device_key()));
  CHECK(answer.outcome == Outcome::Unavailable);
  CHECK(answer.code == "ca_local.ca_expired");
}

TEST_CASE("a profile that lasts no longer than the backdating is refused for good, with that reason") {
  const TestCa files;
  auto settings = test::settings_for(files);
  settings["backdate"] = "1h";
  settings["profiles"]["wifi"]["validity"] = "1h";
  CaUnderTest ca(files, settings);
  const auto answer = ca.issue(make_request(device_key()));
  CHECK(answer.outcome == Outcome::Invalid);
  CHECK(answer.code == "ca_local.validity_too_short");
  CHECK(ca.lookup(1).outcome == Outcome::Cancelled);
}

TEST_CASE("the CA says what it is: its key, and effects in its store alone") {
  CHECK(test::ca_type().flags == CERTSPAN_TYPE_HOLDS_CA_KEY);
  const TestCa files;
  CaUnderTest ca(files);
  CHECK(ca.connector.issuer().flags == (CERTSPAN_ISSUER_LOCAL_EFFECTS | CERTSPAN_ISSUER_IDEMPOTENT));
  CHECK(ca.connector.issuer().poll == nullptr);
  CHECK(ca.connector.issuer().lookup != nullptr);
  CHECK(ca.connector.issuer().find != nullptr);
}

}  // namespace
}  // namespace certspan::ca_local
