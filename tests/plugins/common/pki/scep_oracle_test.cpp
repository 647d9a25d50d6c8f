#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "plugins/common/pki/scep_message.hpp"
#include "tests/plugins/common/pki/scep_lab.hpp"

namespace certspan::pki {
namespace {

using test::ScepLab;

// 200 messages whose wrapped key, and 200 whose padding, plaintext or request is broken, in every way that
// the builder knows; then 200 captured envelopes with a flipped bit that a stranger signed.
std::string broken_messages() {
  std::string list = R"({"name": "good"}, {"name": "good_oaep", "transport": "oaep-sha1"})";
  const auto add = [&list](const std::string& kind, int count, const std::string& more) {
    for (int i = 0; i < count; ++i) {
      list +=
          ", {\"name\": \"" + kind + std::to_string(i) + "\", \"seed\": " + std::to_string(i) + more + "}";
    }
  };
  add("transport", 100, R"(, "break": "transport")");
  add("oaep", 100, R"(, "break": "transport", "transport": "oaep-sha1")");
  add("padding", 50, R"(, "break": "padding")");
  add("content", 50, R"(, "break": "content")");
  add("garbage", 50, R"(, "break": "garbage")");
  add("csr_signature", 50, R"(, "break": "csr_signature")");
  add("stolen", 200, R"(, "signer": "stranger", "capture": "good", "flip": true)");
  return list;
}

}  // namespace

TEST_CASE("whatever is wrong behind the private key gets one fault, one text and a reply of one size") {
  const ScepLab lab(broken_messages());
  const Opener opener = lab.opener();
  const ReplySigner signer = lab.signer();
  std::set<std::string> texts;
  std::set<std::size_t> reply_sizes;
  int refused = 0;
  const auto refuse = [&](const std::string& name, int count) {
    for (int i = 0; i < count; ++i) {
      const Result<OuterMessage> outer = parse_outer(lab.message(name + std::to_string(i)));
      REQUIRE(outer);
      const Result<OpenedRequest> opened = open_request(opener, *outer, SignerTrust::SelfMade);
      INFO(name << i);
      REQUIRE_FALSE(opened);
      REQUIRE(opened.error().kind == FaultKind::CannotOpen);
      texts.insert(opened.error().message);
      const ReplyContext context = make_reply_context(*outer, {});
      reply_sizes.insert(
          write_failure(signer, context, FailInfo::BadMessageCheck, "reference 1", 1790000000)->size());
      ++refused;
    }
  };
  refuse("transport", 100);
  refuse("oaep", 100);
  refuse("padding", 50);
  refuse("content", 50);
  refuse("garbage", 50);
  refuse("csr_signature", 50);
  refuse("stolen", 200);
  CHECK(refused == 600);
  CHECK(texts.size() == 1);
  CHECK(reply_sizes.size() == 1);
  CHECK(open_request(opener, parse_outer(lab.message("good")).value(), SignerTrust::SelfMade).has_value());
}

}  // namespace certspan::pki
