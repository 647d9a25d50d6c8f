#include <catch2/catch.hpp>

#include <string>

#include <certspan/testing/connector_under_test.hpp>

#include "tests/sdk/toy_connectors.hpp"

namespace certspan::sdk {
namespace {

using testing::ChainRecorder;
using testing::ConnectorUnderTest;
using testing::FakeHost;
using testing::FakeItem;
using testing::FindRecorder;

FakeItem item_for(std::string_view request) {
  FakeItem item;
  item.request.assign(request.begin(), request.end());
  return item;
}

TEST_CASE("a CA is one class: its certificate and labels reach the host") {
  FakeHost host;
  ConnectorUnderTest ca(kSmallest, host, "{}", "corp-ca");
  FakeItem item = item_for("csr");
  const auto answer = ca.issue(item);
  CHECK(answer.outcome == Outcome::Ok);
  CHECK(text_of(answer.certificate) == "csr");
  CHECK(answer.label("serial") == "01");
  CHECK(answer.label("subject") == "corp-ca");
}

TEST_CASE("what a CA does not override is absent from its table") {
  FakeHost host;
  ConnectorUnderTest ca(kSmallest, host, "{}");
  CHECK(ca.issuer().issue != nullptr);
  CHECK(ca.issuer().chain != nullptr);
  CHECK(ca.issuer().poll == nullptr);
  CHECK(ca.issuer().lookup == nullptr);
  CHECK(ca.issuer().find == nullptr);
  CHECK(ca.issuer().ping == nullptr);
  CHECK(ca.issuer().flags == 0);
  CHECK(kSmallest.drain == nullptr);
  CHECK(kSmallest.flags == 0);
}

TEST_CASE("what a CA overrides, and the flags it sets, are in its table") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  CHECK(ca.issuer().poll != nullptr);
  CHECK(ca.issuer().lookup != nullptr);
  CHECK(ca.issuer().find != nullptr);
  CHECK(ca.issuer().ping != nullptr);
  CHECK(ca.issuer().flags == CERTSPAN_ISSUER_IDEMPOTENT);
  CHECK(kFull.drain != nullptr);
  CHECK(kFull.flags == CERTSPAN_TYPE_RUNS_WAITS);
}

TEST_CASE("an interface is found by its exact id and by no other") {
  CHECK(kSmallest.interface_table("certspan.role.issuer/1") != nullptr);
  CHECK(kSmallest.interface_table("certspan.role.issuer/10") == nullptr);
  CHECK(kSmallest.interface_table("certspan.role.issuer") == nullptr);
  CHECK(kSmallest.interface_table("") == nullptr);
  CHECK(kSmallest.interface_table(CERTSPAN_ROLE_SOURCE) == nullptr);
  CHECK(kSmallest.interface_table(CERTSPAN_INTERFACE_ACTIONS) == nullptr);
}

TEST_CASE("a pending answer carries its handle and when to ask again") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  FakeItem item;
  item.handle = {1, 2, 3};
  const auto answer = ca.poll(item);
  CHECK(answer.outcome == Outcome::Pending);
  CHECK(answer.handle == ByteBuffer{1, 2, 3});
  CHECK(answer.retry_after_ms == 1500);
}

TEST_CASE("a negative wait is no wait, and a long one stays within its field") {
  CHECK(Answer::throttled("a.b", "c", std::chrono::milliseconds(-5)).retry_after().count() == 0);
  CHECK(Answer::throttled("a.b", "c", std::chrono::hours(24 * 365)).retry_after().count() == UINT32_MAX);
}

TEST_CASE("whatever issue throws becomes one internal answer") {
  FakeHost host;
  FakeItem item;
  ConnectorUnderTest throwing(kSmallest, host, "throws");
  const auto answer = throwing.issue(item);
  CHECK(answer.outcome == Outcome::Internal);
  CHECK(answer.code == "plugin.exception");
  CHECK(answer.message == "lost my mind");

  ConnectorUnderTest odd(kSmallest, host, "throws a number");
  CHECK(odd.issue(item).outcome == Outcome::Internal);
  CHECK(odd.issue(item).code == "plugin.exception");
}

TEST_CASE("a chain arrives in order, and a throwing one is an internal outcome") {
  FakeHost host;
  ConnectorUnderTest ca(kSmallest, host, "{}");
  ChainRecorder chain;
  CHECK(ca.issuer().chain(ca.instance(), chain.sink()) == CERTSPAN_OK);
  REQUIRE(chain.certificates().size() == 2);
  CHECK(text_of(chain.certificates()[0]) == "issuing CA");
  CHECK(text_of(chain.certificates()[1]) == "root");

  ConnectorUnderTest throwing(kSmallest, host, "throws");
  CHECK(throwing.issuer().chain(throwing.instance(), chain.sink()) == CERTSPAN_INTERNAL);
}

TEST_CASE("find tells a revoked certificate, and none at all") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  FindRecorder found;
  certspan_find_request request = {sizeof(certspan_find_request), 0, to_abi(bytes_of("CN=CA")),
                                   to_abi(bytes_of("42"))};
  CHECK(ca.issuer().find(ca.instance(), &request, found.sink()) == CERTSPAN_OK);
  CHECK(text_of(found.certificate()) == "old certificate");
  CHECK(found.state() == CERTSPAN_CERTIFICATE_REVOKED);

  FindRecorder nothing;
  request.serial = to_abi(bytes_of("43"));
  CHECK(ca.issuer().find(ca.instance(), &request, nothing.sink()) == CERTSPAN_REJECTED);
  CHECK(nothing.state() == 0);
}

TEST_CASE("ping says in words what is wrong") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  testing::FaultRecorder faults;
  CHECK(ca.issuer().ping(ca.instance(), faults.sink()) == CERTSPAN_UNAVAILABLE);
  REQUIRE(faults.faults().size() == 1);
  CHECK(faults.faults()[0].message == "slow today");
}

TEST_CASE("a note is kept before the call goes on, and a refused one stops it") {
  FakeHost host;
  ConnectorUnderTest ca(kSmallest, host, "notes");
  FakeItem item;
  const certspan_item view = item.view();

  testing::AnswerRecorder kept;
  ca.issuer().issue(ca.instance(), &view, kept.sink());
  REQUIRE(kept.notes().size() == 1);
  CHECK(text_of(kept.notes()[0]) == "order 1");
  CHECK(kept.only().outcome == Outcome::Ok);

  testing::AnswerRecorder refused;
  refused.set_note_outcome(Outcome::Unavailable);
  ca.issuer().issue(ca.instance(), &view, refused.sink());
  CHECK(refused.notes().empty());
  CHECK(refused.only().outcome == Outcome::Unavailable);
}

}  // namespace
}  // namespace certspan::sdk
