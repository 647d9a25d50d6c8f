#include "plugins/intune/scep_validator/scep_validator.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/fake_host.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::intune::test {
namespace {

using sdk::Outcome;
using sdk::testing::HttpOutScript;
using sdk::testing::RecordedHttpOut;

constexpr const char* kSettings =
    R"({"tenant":"example.com","client_id":"11111111-2222-3333-4444-555555555555","client_secret":"T"})";
constexpr const char* kSecret = "s3cret &+%";
constexpr const char* kToken = R"({"token_type":"Bearer","expires_in":3600,"access_token":"tok"})";
constexpr const char* kYes = R"({"code":"Success","errorDescription":""})";
constexpr const char* kPage =
    R"({"value":[{"providerName":"ScepRequestValidationFEService","uri":"https://fef.example/a/"},
                 {"providerName":"scepRequestValidationFEService","uri":"https://second.example"}]})";

/// A tenant that says yes; each of its parts can be set to say something else.
struct FakeTenant {
  sdk::testing::FakeHost host;
  std::function<HttpOutScript()> token = [] { return HttpOutScript::answer(200, kToken); };
  std::function<HttpOutScript()> discovery = [] { return HttpOutScript::answer(200, kPage); };
  std::function<HttpOutScript()> service = [] { return HttpOutScript::answer(200, kYes); };
  std::atomic<int> tokens{0};
  sdk::testing::ConnectorUnderTest connector;

  FakeTenant() : connector(sdk::ConnectorType<ScepValidator>::kTable, opened(host), kSettings) {
    host.http_out.world = [this](const RecordedHttpOut& request) {
      if (request.url.ends_with("/oauth2/v2.0/token")) return ++tokens, token();
      return request.url.starts_with("https://graph.microsoft.com/") ? discovery() : service();
    };
    connector.start();
  }

  static sdk::testing::FakeHost& opened(sdk::testing::FakeHost& host) {
    host.secrets["T"] = kSecret;
    return host;
  }
  sdk::testing::RecordedAnswer validate() {
    sdk::testing::FakeItem item;
    item.time_left = std::chrono::hours(9);
    item.request = {1, 2, 3};
    return connector.validate(item);
  }
  std::ptrdiff_t tokens_for(std::string_view resource) const {
    return std::ranges::count_if(host.http_out.requests(), [&](const RecordedHttpOut& request) {
      return request.url.ends_with("/token") &&
             pki::as_text(request.body).find(resource) != std::string_view::npos;
    });
  }
  nlohmann::json last_body() const {
    return nlohmann::json::parse(pki::as_text(host.http_out.requests().back().body));
  }
};

std::string field(const RecordedHttpOut& request, std::string_view name) {
  for (const auto& one : request.fields) {
    if (one.name == name) return one.value;
  }
  return "";
}

}  // namespace

TEST_CASE(
    "a validation is a token for Graph, one for Intune, the discovery and one call with Intune's headers") {
  FakeTenant tenant;
  REQUIRE(tenant.validate().outcome == Outcome::Ok);
  const auto requests = tenant.host.http_out.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests[0].url == "https://login.microsoftonline.com/example.com/oauth2/v2.0/token");
  CHECK(pki::as_text(requests[0].body) ==
        "grant_type=client_credentials&client_id=11111111-2222-3333-4444-555555555555&scope="
        "https%3A%2F%2Fapi.manage.microsoft.com%2F%2F.default&client_secret=s3cret%20%26%2B%25");
  CHECK(pki::as_text(requests[1].body).find("scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&") !=
        std::string_view::npos);
  CHECK(requests[2].url ==
        "https://graph.microsoft.com/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/"
        "endpoints");
  CHECK(requests[3].url == "https://fef.example/a/ScepActions/validateRequest");
  CHECK(field(requests[3], "Authorization") == "Bearer tok");
  CHECK(field(requests[3], "api-version") == "2018-02-20");
  CHECK(field(requests[3], "UserAgent") == kCaller);
  CHECK(field(requests[3], "client-request-id").size() == 36);
  CHECK(
      tenant.last_body() ==
      nlohmann::json::parse(R"({"request":{"transactionId":"T1","certificateRequest":"AQID","callerInfo":")" +
                            std::string(kCaller) + "\"}}"));
  CHECK(tenant.validate().outcome == Outcome::Ok);
  CHECK(tenant.host.http_out.requests().size() == 5);
}

TEST_CASE("a token is renewed by one caller before it ends, while the others go on with it") {
  FakeTenant tenant;
  REQUIRE(tenant.validate().outcome == Outcome::Ok);
  tenant.host.advance(std::chrono::seconds(3400));
  std::promise<void> asked;
  std::promise<void> may_answer;
  auto gate = may_answer.get_future().share();
  std::atomic_flag first = ATOMIC_FLAG_INIT;
  tenant.token = [&] {
    if (!first.test_and_set()) {
      asked.set_value();
      gate.wait();
    }
    return HttpOutScript::answer(200, kToken);
  };
  std::thread renewing([&] { tenant.validate(); });
  asked.get_future().wait();
  CHECK(tenant.validate().outcome == Outcome::Ok);
  may_answer.set_value();
  renewing.join();
  CHECK(tenant.tokens_for("api.manage") == 2);
}

TEST_CASE("callers without a token wait for the one who asks, and share what it comes to") {
  FakeTenant tenant;
  std::promise<void> asked;
  std::promise<void> may_answer;
  auto gate = may_answer.get_future().share();
  tenant.token = [&] {
    if (tenant.tokens == 1) asked.set_value();
    gate.wait();
    return HttpOutScript::answer(429, "", {{"retry-after", "60"}});
  };
  std::vector<std::thread> callers;
  std::atomic<int> throttled{0};
  const auto call = [&] { throttled += tenant.validate().outcome == Outcome::Throttled ? 1 : 0; };
  callers.emplace_back(call);
  asked.get_future().wait();
  for (int i = 0; i < 7; ++i) callers.emplace_back(call);
  may_answer.set_value();
  for (std::thread& each : callers) each.join();
  CHECK(throttled == 8);
  CHECK(tenant.tokens == 1);
}

TEST_CASE(
    "a pause that the token endpoint asks for is kept, in seconds or until a date; then it is asked again") {
  FakeTenant tenant;
  tenant.host.set_wall_clock(std::chrono::system_clock::from_time_t(1'700'000'000));
  const std::string pause = GENERATE(std::string("60"), std::string("Tue, 14 Nov 2023 22:14:20 GMT"));
  tenant.token = [&] { return HttpOutScript::answer(503, "", {{"retry-after", pause}}); };
  CHECK(tenant.validate().retry_after_ms == 60'000);
  CHECK(tenant.validate().outcome == Outcome::Unavailable);
  CHECK(tenant.tokens == 1);
  tenant.token = [] { return HttpOutScript::answer(200, kToken); };
  tenant.host.advance(std::chrono::seconds(61));
  CHECK(tenant.validate().outcome == Outcome::Ok);
}

TEST_CASE("a token is used on where it can't be renewed, until it ends") {
  FakeTenant tenant;
  REQUIRE(tenant.validate().outcome == Outcome::Ok);
  tenant.token = [] { return HttpOutScript::answer(500); };
  tenant.host.advance(std::chrono::seconds(3400));
  CHECK(tenant.validate().outcome == Outcome::Ok);
  tenant.host.advance(std::chrono::seconds(200));
  CHECK(tenant.validate().outcome == Outcome::Unavailable);
}

TEST_CASE("an answer of Retry-After that is odd asks for no pause, and none is longer than an hour") {
  FakeTenant tenant;
  struct Row {
    const char* text;
    std::uint32_t wait;
  };
  for (const Row& row : {Row{"", 0U},
                         {"soon", 0U},
                         {"-5", 0U},
                         {"1e3", 0U},
                         {"99999999999999999999", 0U},
                         {"7", 7000U},
                         {"9999999", 3'600'000U}}) {
    INFO(row.text);
    tenant.service = [&] { return HttpOutScript::answer(429, "", {{"retry-after", row.text}}); };
    const auto answer = tenant.validate();
    CHECK(answer.outcome == Outcome::Throttled);
    CHECK(answer.retry_after_ms == row.wait);
  }
}

TEST_CASE("nothing that is told holds the secret, a token or the request") {
  FakeTenant tenant;
  for (const std::uint32_t status : {200U, 400U, 401U, 403U, 404U, 429U, 500U}) {
    tenant.service = [&] { return HttpOutScript::answer(status, R"({"code":"ChallengeExpired"})"); };
    const auto answer = tenant.validate();
    CHECK(answer.outcome != Outcome::Ok);
    for (const std::string secret : {kSecret, "tok\"", "Bearer tok", "AQID"})
      CHECK(answer.message.find(secret) == std::string::npos);
  }
  for (const auto& record : tenant.host.logs()) {
    for (const auto& value : record.fields) CHECK(value.value.find(kSecret) == std::string::npos);
  }
}

TEST_CASE("a failure is told in at most 255 octets, cut between characters") {
  FakeTenant tenant;
  sdk::testing::FakeItem item;
  item.request = {1};
  std::string words;
  for (int i = 0; i < 200; ++i) words += "\xC3\xA4";
  CHECK(tenant.connector.deliver(item, Outcome::Rejected, "acme.no", "x" + words).outcome == Outcome::Ok);
  const auto told = tenant.last_body()["notification"];
  const auto description = told["errorDescription"].get<std::string>();
  CHECK(description.size() <= 255);
  CHECK(description.size() >= 254);
  CHECK(pki::is_valid_utf8(description));
  CHECK(told["hResult"] == 0xA0C50001);
  CHECK(tenant.host.http_out.requests().back().url.ends_with("/ScepActions/failureNotification"));
}

TEST_CASE("an item without a transaction id that Intune could know it by is asked of nobody") {
  FakeTenant tenant;
  for (const char* id : {"", "line\nfeed", "\xC3\xA4"}) {
    sdk::testing::FakeItem item;
    item.transaction_id = id;
    CHECK(tenant.connector.validate(item).outcome == Outcome::Invalid);
  }
  CHECK(tenant.host.http_out.requests().empty());
}

}  // namespace certspan::intune::test
