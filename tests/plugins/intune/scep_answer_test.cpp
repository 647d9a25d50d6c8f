#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "plugins/intune/scep_validator/hresults.hpp"
#include "plugins/intune/scep_validator/scep_answer.hpp"

namespace certspan::intune::test {
namespace {

/// Every name of the enumeration in Microsoft's client but Success.
constexpr const char* kNames[] = {"Unknown",
                                  "CertificateRequestDecodingFailed",
                                  "ChallengePasswordMissing",
                                  "ChallengeDeserializationError",
                                  "ChallengeDecryptionError",
                                  "ChallengeDecodingError",
                                  "ChallengeInvalidTimestamp",
                                  "ChallengeExpired",
                                  "SubjectNameMissing",
                                  "SubjectNameMismatch",
                                  "SubjectAltNameMissing",
                                  "SubjectAltNameMismatch",
                                  "KeyUsageMismatch",
                                  "KeyLengthMismatch",
                                  "EnhancedKeyUsageMissing",
                                  "EnhancedKeyUsageMismatch",
                                  "AadKeyIdentifierListMissing",
                                  "RegisteredKeyMismatch",
                                  "SigningCertThumbprintMismatch",
                                  "ScepProfileNoLongerTargetedToTheClient",
                                  "SignatureValidationFailed",
                                  "BadCertificateRequestIdInChallenge",
                                  "BadDeviceIdInChallenge",
                                  "BadUserIdInChallenge"};

}  // namespace

TEST_CASE("Intune's word is read only if it stands once in a whole answer, as text") {
  const std::string whole = R"({"code":"Success","errorDescription":""})";
  REQUIRE(read_scep_answer(whole));
  CHECK(read_scep_answer(whole)->is_yes());
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(read_scep_answer(whole.substr(0, size)));
  for (const char* bad :
       {"[]", "{}", "\"Success\"", "true", R"({"code":null})", R"({"code":""})", R"({"code":0})",
        R"({"code":["Success"]})", R"({"Code":"Success"})", R"({"code":"Success","code":"Success"})",
        R"({"code":"ChallengeExpired","code":"Success"})", R"({"code":"Success","errorDescription":1})",
        R"({"code":"Success"}{})", R"({"value":{"code":"Success"}})"}) {
    INFO(bad);
    CHECK_FALSE(read_scep_answer(bad));
  }
  CHECK_FALSE(read_scep_answer(R"({"code":"Success","x":")" + std::string(70'000, 'x') + "\"}"));
  CHECK_FALSE(
      read_scep_answer(R"({"code":"Success","x":)" + std::string(2000, '[') + std::string(2000, ']') + "}"));
  for (const char* no :
       {R"({"code":"success"})", R"({"code":"Success "})", R"({"code":"SUCCESS"})", R"({"code":"Succes"})"})
    CHECK_FALSE(read_scep_answer(no)->is_yes());
  CHECK(
      read_scep_answer(R"({"code":"x","errorDescription":")" + std::string(999, 'x') + "\"}")->said.size() ==
      200);
}

TEST_CASE("each of Intune's codes has an outcome that is no yes, a word of its own and an advice") {
  std::set<std::string_view> words;
  for (const char* name : kNames) {
    INFO(name);
    const ScepCode* known = find_scep_code(name);
    REQUIRE(known != nullptr);
    CHECK(words.insert(known->code).second);
    const sdk::Answer answer = refusal_of({name, "said"}, "a-guid");
    CHECK(answer.outcome() == sdk::outcome_from_abi(known->outcome));
    CHECK(answer.outcome() != sdk::Outcome::Ok);
    CHECK(answer.code() == known->code);
    CHECK(answer.message().find(name) != std::string::npos);
    CHECK(answer.message().find("(said)") != std::string::npos);
    CHECK(answer.message().ends_with("[activity a-guid]"));
  }
  CHECK(find_scep_code("Success") == nullptr);
  CHECK(refusal_of({"SomethingNew", ""}, "g").outcome() == sdk::Outcome::Rejected);
  CHECK(refusal_of({"SomethingNew", ""}, "g").code() == "intune.refused");
  CHECK(refusal_of({"Unknown", ""}, "g").outcome() == sdk::Outcome::Unavailable);
}

TEST_CASE("every failure has an HRESULT of ours") {
  for (std::int32_t value = CERTSPAN_OK; value <= CERTSPAN_INTERNAL; ++value) {
    const std::uint32_t number = hresult_of(sdk::outcome_from_abi(value), "acme.odd");
    CHECK((number & 0xFFFF0000U) == 0xA0C50000U);
    CHECK((number & 0xFFFFU) != 0);
  }
  for (std::int32_t value = CERTSPAN_OK; value <= CERTSPAN_INTERNAL; ++value) {
    const std::uint32_t number = hresult_of(sdk::outcome_from_abi(value), "acme.odd") - codes::kFirstHresult;
    CHECK(std::ranges::find(codes::kHresults, number, &codes::Hresult::number) != std::end(codes::kHresults));
  }
  for (const codes::HresultOfCode& each : codes::kHresultsOfCodes) {
    INFO(each.code);
    CHECK(std::ranges::find(codes::kHresults, each.number, &codes::Hresult::number) !=
          std::end(codes::kHresults));
  }
  CHECK(hresult_of(sdk::Outcome::Unsupported, "profile.weak_key") == 0xA0C50020U);
  CHECK(hresult_of(sdk::Outcome::Rejected, "acme.no") == 0xA0C50001U);
}

}  // namespace certspan::intune::test
