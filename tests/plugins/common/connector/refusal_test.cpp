#include "plugins/common/connector/refusal.hpp"

#include <catch2/catch.hpp>

namespace certspan::connector {
namespace {

using sdk::Outcome;

sdk::Answer of(pki::FaultKind kind) {
  return refuse_request("acme", pki::Fault{kind, "why"});
}

TEST_CASE("a request that can't be read is refused by the kind of its fault") {
  CHECK(of(pki::FaultKind::UnsupportedAlgorithm).outcome() == Outcome::Unsupported);
  CHECK(of(pki::FaultKind::Malformed).outcome() == Outcome::Invalid);
  CHECK(of(pki::FaultKind::TooLarge).code() == "acme.request_too_large");
  CHECK(of(pki::FaultKind::BadSignature).code() == "acme.bad_request_signature");
  // A fault of ours is never told as a final answer.
  CHECK(of(pki::FaultKind::Internal).outcome() == Outcome::Internal);
}

TEST_CASE("a request that breaks the profile is refused by the kind of violation") {
  const auto answer = [](pki::ViolationKind kind) {
    return refuse_request("acme", pki::Violation{kind, "word", "why"});
  };
  CHECK(answer(pki::ViolationKind::BadAlg).outcome() == Outcome::Unsupported);
  CHECK(answer(pki::ViolationKind::BadRequest).outcome() == Outcome::Rejected);
  CHECK(answer(pki::ViolationKind::Malformed).outcome() == Outcome::Invalid);
  CHECK(answer(pki::ViolationKind::BadRequest).code() == "acme.word");
}

}  // namespace
}  // namespace certspan::connector
