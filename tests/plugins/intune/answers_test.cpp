#include <string>

#include <catch2/catch.hpp>

#include "plugins/intune/service/answers.hpp"
#include "plugins/intune/service/guid.hpp"

namespace certspan::intune::test {

TEST_CASE(
    "a token is taken from a whole answer with a kind, a life and printable characters, and from nothing "
    "else") {
  const std::string whole = R"({"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0.a-b_c"})";
  const auto answer = read_token_answer(whole);
  REQUIRE(answer);
  CHECK(answer->authorization.reveal_text() == "Bearer eyJ0.a-b_c");
  CHECK(answer->lasts == std::chrono::seconds(3599));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(read_token_answer(whole.substr(0, size)));
  for (const char* bad :
       {"", "[]", "null", R"("Bearer")", R"({"token_type":"Bearer","expires_in":3599})",
        R"({"token_type":"Bearer","access_token":"a"})", R"({"expires_in":3599,"access_token":"a"})",
        R"({"token_type":"mac","expires_in":3599,"access_token":"a"})",
        R"({"token_type":"Bearer","expires_in":"3599","access_token":"a"})",
        R"({"token_type":"Bearer","expires_in":0,"access_token":"a"})",
        R"({"token_type":"Bearer","expires_in":-5,"access_token":"a"})",
        R"({"token_type":"Bearer","expires_in":1e9,"access_token":"a"})",
        R"({"token_type":"Bearer","expires_in":18446744073709551615,"access_token":"a"})",
        R"({"token_type":"Bearer","expires_in":3599,"access_token":""})",
        R"({"token_type":"Bearer","expires_in":3599,"access_token":7})",
        R"({"token_type":"Bearer","expires_in":3599,"access_token":"a b"})",
        R"({"token_type":"Bearer","expires_in":3599,"access_token":"a\r\nX: y"})",
        R"({"token_type":"Bearer","expires_in":3599,"access_token":"a","access_token":"b"})",
        R"({"token_type":"Bearer","expires_in":3599,"access_token":"a"} x)"}) {
    INFO(bad);
    CHECK_FALSE(read_token_answer(bad));
  }
  CHECK_FALSE(read_token_answer(R"({"token_type":"Bearer","expires_in":9,"access_token":")" +
                                std::string(20'000, 'a') + "\"}"));
  CHECK(read_token_answer(R"({"token_type":"bearer","expires_in":9,"access_token":"a","more":{"x":1}})"));
}

TEST_CASE("of a token endpoint's refusal the number is read") {
  CHECK(read_token_refusal(
            R"({"error":"invalid_client","error_codes":[7000215],"error_description":"AADSTS7000215: x"})") ==
        7'000'215);
  for (const char* bad :
       {"", "{}", R"({"error_codes":[]})", R"({"error_codes":["7000215"]})", R"({"error_codes":[-1]})",
        R"({"error_codes":7000215})", R"({"error_codes":[99999999999]})"}) {
    INFO(bad);
    CHECK(read_token_refusal(bad) == 0);
  }
}

TEST_CASE("a page of services is read in its order, and one that is not whole not at all") {
  const std::string whole =
      R"({"@odata.context":"c","value":[{"capability":"x","providerName":"ScepRequestValidationFEService","uri":"https://a/"},)"
      R"({"providerName":null,"uri":"https://b"},{"providerName":"B","uri":"https://c"}],"@odata.nextLink":"https://g/2"})";
  const auto page = read_discovery_page(whole);
  REQUIRE(page);
  REQUIRE(page->services.size() == 2);
  CHECK(page->services[0] ==
        std::pair<std::string, std::string>("sceprequestvalidationfeservice", "https://a/"));
  CHECK(page->services[1].first == "b");
  CHECK(page->next_link == "https://g/2");
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(read_discovery_page(whole.substr(0, size)));
  for (const char* bad :
       {"[]", "{}", R"({"value":{}})", R"({"value":null})", R"({"value":["x"]})",
        R"({"value":[],"value":[]})", R"({"value":[],"@odata.nextLink":7})",
        R"({"value":[],"@odata.nextLink":""})", R"({"value":[{"providerName":"a","uri":"b","uri":"c"}]})"}) {
    INFO(bad);
    CHECK_FALSE(read_discovery_page(bad));
  }
  CHECK(read_discovery_page(R"({"value":[],"@odata.nextLink":null})")->next_link.empty());
}

TEST_CASE("what a service says of an error is read out of JSON in JSON, in one line and cut") {
  CHECK(read_service_error(
            R"({"error":{"code":"InternalError","message":"{\"_version\":3,\"Message\":\"no\\nway\"}"}})") ==
        "InternalError, no?way");
  CHECK(read_service_error(R"({"error":{"code":"Denied","message":"plain"}})") == "Denied, plain");
  CHECK(read_service_error(R"({"error":{"code":"Denied","message":"{}"}})") == "Denied");
  CHECK(read_service_error(R"({"error":{"message":"m"}})") == "m");
  for (const char* nothing : {"", "<html>", "{}", R"({"error":"x"})", R"({"error":{}})"})
    CHECK(read_service_error(nothing).empty());
  CHECK(read_service_error(R"({"error":{"code":")" + std::string(999, 'x') + "\"}}").size() == 200);
}

TEST_CASE("a line of others is cut between characters") {
  CHECK(one_line("\xC3\xA4\xC3\xA4\xC3\xA4", 5) == "\xC3\xA4\xC3\xA4");
  CHECK(one_line("a\x1B[2Jb\xE2\x80\xAE", 99) == "a?[2Jb?");
  CHECK(one_line("\xC3", 9) == "?");
}

TEST_CASE("a GUID is random and of version 4") {
  const std::string guid = new_guid();
  REQUIRE(guid.size() == 36);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) CHECK(guid[at] == '-');
  CHECK(guid[14] == '4');
  CHECK(std::string("89ab").find(guid[19]) != std::string::npos);
  CHECK(guid != new_guid());
}

TEST_CASE("the roles of a token are read for people, and a token that is no JWT claims nothing") {
  // {"roles":["scep_challenge_provider","x"]} and {"aud":"?>~"}, whose base64url has - and _.
  const auto roles =
      read_token_roles("Bearer e30.eyJyb2xlcyI6WyJzY2VwX2NoYWxsZW5nZV9wcm92aWRlciIsIngiXX0.sig");
  REQUIRE(roles);
  CHECK(*roles == std::vector<std::string>{"scep_challenge_provider", "x"});
  const auto none = read_token_roles("Bearer e30.eyJhdWQiOiI_Pn4ifQ.sig");
  REQUIRE(none);
  CHECK(none->empty());
  for (const char* opaque :
       {"", "Bearer ", "Bearer abc", "Bearer a.b", "Bearer e30.!!!.c", "Bearer e30.W10.c", "Basic e30.e30.c",
        "Bearer e30.eyJyb2xlcyI6MX0.c", "Bearer e30.eyJyb2xlcyI6WzFdfQ.c"}) {
    INFO(opaque);
    CHECK_FALSE(read_token_roles(opaque));
  }
}

}  // namespace certspan::intune::test
