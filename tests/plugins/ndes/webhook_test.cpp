#include <string>

#include <catch2/catch.hpp>

#include "plugins/common/connector/outgoing_url.hpp"
#include "plugins/common/pki/bytes.hpp"
#include "plugins/ndes/keyed_hash.hpp"
#include "plugins/ndes/webhook/webhook_answer.hpp"

namespace certspan::scep::test {

TEST_CASE("a webhook's answer is read only if it is whole and says allow once, as a boolean") {
  const std::string whole = R"({"allow":true,"data":{"a":[1,{"b":2}]},"csrSha256":"ab"})";
  const auto answer = read_webhook_answer(whole);
  REQUIRE(answer);
  CHECK(answer->allow);
  CHECK(answer->csr_sha256 == "ab");
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(read_webhook_answer(whole.substr(0, size)));
  for (const char* bad :
       {R"({})", R"([])", "true", R"({"allow":"true"})", R"({"allow":1})", R"({"allow":null})",
        R"({"allow":false,"allow":true})", R"({"allow":true} x)", R"({"allow":true,"csrSha256":1})",
        R"({"allow":true,"data":{"a":1,"a":2}})", R"({"Allow":true})"}) {
    INFO(bad);
    CHECK_FALSE(read_webhook_answer(bad));
  }
  CHECK_FALSE(read_webhook_answer(R"({"allow":true,"data":)" + std::string(2000, '[') +
                                  std::string(2000, ']') + "}"));
  CHECK_FALSE(read_webhook_answer(R"({"allow":false})")->allow);
}

TEST_CASE("a webhook is asked over https, or http on this machine only") {
  for (const char* good : {"https://hook.example/scep", "http://127.0.0.1:8080/x", "http://[::1]/"})
    CHECK(connector::is_private_url(good));
  for (const char* bad :
       {"http://hook.example/", "http://127.0.0.1.example/", "http://127.0.0.1:1@hook.example/",
        "ftp://127.0.0.1/", "https://", "https:///x", "https://a/#b", "https://a b/", ""}) {
    INFO(bad);
    CHECK_FALSE(connector::is_private_url(bad));
  }
}

TEST_CASE("a webhook's signature is the HMAC-SHA-256 of RFC 4231, case 2") {
  CHECK(pki::to_hex(keyed_hash(pki::as_bytes("Jefe"), pki::as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace certspan::scep::test
