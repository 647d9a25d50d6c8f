#include <catch2/catch.hpp>

#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"

namespace certspan::pki {
namespace {

using Catch::Matchers::Contains;

std::vector<ProfileFault> faults(std::string_view json) {
  const auto profile = parse_profile(json);
  REQUIRE_FALSE(profile);
  return profile.error();
}

}  // namespace

TEST_CASE("a profile is read with all its keys") {
  const auto profile =
      parse_profile(R"({"subject": "from_request", "subject_required": true, "san": ["upn", "dns"],
    "key_usage": ["digital_signature", "key_encipherment"], "eku": ["client_auth", "1.3.6.1.5.5.7.3.17"],
    "validity": "52w", "keys": ["rsa>=3072", "p384"], "sid": "extension", "adds": ["eku"]})");
  REQUIRE(profile);
  CHECK(profile->sid == SidRule::Extension);
  CHECK(profile->adds_purposes);
  CHECK_FALSE(profile->adds_key_usage);
  CHECK(profile->subject_required);
  CHECK(profile->san == std::vector{GeneralNameKind::Upn, GeneralNameKind::Dns});
  CHECK(profile->key_usage == (key_usage::kDigitalSignature | key_usage::kKeyEncipherment));
  CHECK(profile->extended_key_usage == std::vector{oids::kClientAuth, oids::kIpsecIke});
  CHECK(profile->validity_seconds == 52 * 7 * 86400);
  REQUIRE(profile->keys.size() == 2);
  CHECK(profile->keys[0].min_bits == 3072);
  CHECK(profile->keys[1].kind == KeyKind::EcP384);
}

TEST_CASE("an empty profile has safe defaults") {
  const auto profile = parse_profile("{}");
  REQUIRE(profile);
  CHECK(profile->san.empty());
  CHECK(profile->key_usage == key_usage::kDigitalSignature);
  CHECK(profile->extended_key_usage == std::vector{oids::kClientAuth});
  CHECK(profile->validity_seconds == 365 * 86400);
  CHECK(profile->keys.size() == 3);
  CHECK(profile->sid == SidRule::Refuse);
  CHECK_FALSE((profile->adds_purposes || profile->adds_key_usage));
}

TEST_CASE("all faults of a profile are told at once, each at its place") {
  const auto found = faults(
      R"({"subject": "template", "subject_required": 1, "san": ["dns", "sid"], "key_usage": ["key_cert_sign"],
    "eku": ["any", "2.5.29.37.0", "1.3.6.1.4.1.311.20.2.1"], "validity": "365", "keys": ["rsa>=1024", 7], "color": "red",
    "sid": "add", "adds": ["eku", "san"]})");
  std::vector<std::string> pointers;
  for (const ProfileFault& fault : found) pointers.push_back(fault.pointer);
  std::ranges::sort(pointers);
  CHECK(pointers == std::vector<std::string>{"/adds/1", "/color", "/eku/0", "/eku/1", "/eku/2",
                                             "/key_usage/0", "/keys/0", "/keys/1", "/san/1", "/sid",
                                             "/subject", "/subject_required", "/validity"});
}

TEST_CASE("what is no profile at all is one fault") {
  for (const std::string_view text : {"", "[]", "{", "null", "{\"san\": [\"dns\"]"}) {
    const auto found = faults(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].pointer.empty());
  }
}

TEST_CASE("durations need a unit and a sane size") {
  for (const std::string text : {"0d", "-1d", "d", "1y", "1.5d", "99999999999w", "40000d", " 1d", "1dd"}) {
    INFO(text);
    CHECK(faults("{\"validity\": \"" + text + "\"}")[0].pointer == "/validity");
  }
  CHECK(parse_profile(R"({"validity": "90m"})")->validity_seconds == 5400);
}

TEST_CASE("a profile must name a kind of key") {
  CHECK(faults(R"({"keys": []})")[0].pointer == "/keys");
}

TEST_CASE("the published schema is JSON that names every key a profile has") {
  const std::string schema(profile_json_schema());
  for (const std::string key :
       {"subject", "subject_required", "san", "key_usage", "eku", "validity", "keys", "sid", "adds"}) {
    CHECK_THAT(schema, Contains("\"" + key + "\": {"));
  }
}

}  // namespace certspan::pki
