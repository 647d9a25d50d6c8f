#include "plugins/common/pki/security_identifier.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/request_builder.hpp"

namespace certspan::pki {
namespace {

using test::RequestBuilder;

GeneralName a_uri(std::string text) {
  return {GeneralNameKind::Uri, std::move(text), {}};
}

}  // namespace

TEST_CASE("a SID is written as domain controllers read it") {
  // The structure of MS-WCCE 2.2.2.7.7.4, made apart from this encoder and read by openssl asn1parse.
  CHECK(to_hex(encode_sid_extension("S-1-5-21-1004336348-1177238915-682003330-1105")) ==
        "303fa03d060a2b060104018237190201a02f042d"
        "532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d31313035");
}

TEST_CASE("a SID is read from the one spelling of its URI") {
  const std::string prefix = "tag:microsoft.com,2022-09-14:sid:";
  for (const char* const sid : {"S-1-5-21-1004336348-1177238915-682003330-1105", "S-1-12-1-0-4294967295",
                                "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"}) {
    CHECK(sid_of(a_uri(prefix + sid)) == sid);
  }
  for (const char* const none : {"", "S-1", "S-1-", "S-1-5", "S-1-5-", "S-2-5-21", "s-1-5-21", "S-1-5-021",
                                 "S-1-5--21", "S-1-5-21 ", "S-1-5-2x", "S-1-5-21-%31", "S-1-0x5-21",
                                 "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "S-1-5-1234567890123456"}) {
    INFO(none);
    CHECK_FALSE(sid_of(a_uri(prefix + none)));
    CHECK(may_name_a_sid(a_uri(prefix + none)));
  }
  for (const char* const other :
       {"TAG:microsoft.com,2022-09-14:sid:S-1-5-21", "tag:microsoft.com,2022-09-14:%73id:S-1-5-21",
        "tag:microsoft.com,2023-09-14:sid:S-1-5-21"}) {
    INFO(other);
    CHECK_FALSE(sid_of(a_uri(other)));
    CHECK(may_name_a_sid(a_uri(other)));
  }
  CHECK_FALSE(may_name_a_sid(a_uri("https://microsoft.com/S-1-5-21")));
}

TEST_CASE("a request names one SID or none") {
  const std::string sid = "tag:microsoft.com,2022-09-14:sid:S-1-5-21-7";
  const auto named = [](auto... texts) {
    DerWriter names;
    names.begin(tag::kSequence).text(tag::context(2), "laptop.example");
    (names.text(tag::context(6), texts), ...);
    return named_sid(RequestBuilder().extension(oids::kSubjectAltName, names.end().view()).build());
  };
  CHECK(named_sid(RequestBuilder().build()).value().empty());
  CHECK(named("https://laptop.example/").value().empty());
  CHECK(named(sid).value() == "S-1-5-21-7");
  CHECK_FALSE(named(sid, sid));
  CHECK_FALSE(named(sid, "tag:microsoft.com,2022-09-14:SID:S-1-5-21-500"));
}

}  // namespace certspan::pki
