#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/fake_host.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/pki/base64.hpp"
#include "plugins/ndes/challenge/challenge.hpp"
#include "plugins/ndes/challenge/challenge_record.hpp"
#include "plugins/ndes/minting/credentials.hpp"
#include "plugins/ndes/minting/mint_request.hpp"
#include "plugins/ndes/minting/ndes_page.hpp"
#include "tests/support/scep_test_client.hpp"

namespace certspan::scep::test {

using namespace certspan::test;
using nlohmann::json;
using sdk::testing::ConnectorUnderTest;
using sdk::testing::FakeExchange;
using sdk::testing::FakeHost;
using sdk::testing::FakeItem;

namespace {

const json kAccount = {
    {"name", "mdm"}, {"password", "token-mdm"}, {"token", "token-bearer"}, {"profiles", {"wifi", "vpn"}}};
const json kMint = {{"listener", "web"},
                    {"path", "/v1/challenges"},
                    {"ndes_page", "/certsrv/mscep_admin"},
                    {"accounts", {kAccount}}};

json with_mint(const json& change = json::object()) {
  json mint = kMint;
  mint.update(change);
  return {{"one_time", json::object()}, {"mint", mint}};
}

std::string basic(const std::string& user_and_password) {
  return "Basic " + pki::base64_encode(pki::as_bytes(user_and_password));
}

struct Ask {
  std::string method = "POST";
  std::string path = "/v1/challenges";
  std::string body = "{}";
  std::string authorization = basic("mdm:open sesame");
  std::string content_type = "application/json";
  std::string address = "192.0.2.1:40000";
  std::string query = {};
};

Ask page(const std::string& query = {}) {
  return {.method = "GET", .path = "/certsrv/mscep_admin/", .body = {}, .content_type = {}, .query = query};
}

// A connector that mints for the account `mdm`.
class Desk {
 public:
  explicit Desk(const json& settings = with_mint()) {
    host.freeze();
    host.secrets["token-mdm"] = "open sesame";
    host.secrets["token-bearer"] = "a-bearer-token";
    connector =
        std::make_unique<ConnectorUnderTest>(sdk::ConnectorType<Challenge>::kTable, host, settings.dump());
    connector->start();
    connector->open_intake();
  }

  FakeExchange::Response ask(const Ask& ask) {
    FakeExchange exchange;
    const certspan_http_request request = {.struct_size = sizeof(certspan_http_request),
                                           .flags = 0,
                                           .method = sdk::to_abi(std::string_view(ask.method)),
                                           .path = sdk::to_abi(std::string_view(ask.path)),
                                           .query = sdk::to_abi(std::string_view(ask.query)),
                                           .content_type = sdk::to_abi(std::string_view(ask.content_type)),
                                           .remote_address = sdk::to_abi(std::string_view(ask.address)),
                                           .body = sdk::to_abi(sdk::bytes_of(ask.body)),
                                           .authorization = sdk::to_abi(std::string_view(ask.authorization))};
    connector->source().handle(connector->instance(), &request, exchange.c_exchange());
    REQUIRE(exchange.endings == 1);
    return *exchange.response;
  }
  std::uint32_t status(const Ask& asked) { return ask(asked).status; }
  json answer(const Ask& asked) { return json::parse(sdk::text_of(ask(asked).body)); }
  std::string mint(const std::string& body = "{}") {
    return answer({.body = body}).at("challenge").get<std::string>();
  }

  std::string spend(const std::string& challenge, const std::string& profile = "wifi",
                    std::uint8_t key = 0x11, const std::string& source = "scep") {
    FakeItem item;
    item.source = source;
    item.profile = profile;
    item.request = make_request(
        TestKey::shared_rsa(1),
        {.common_name = "laptop-7", .challenge = challenge, .subject_alt_name = "DNS:a.example"});
    item.key = sdk::ByteBuffer(32, key);
    const auto answer = connector->validate(item);
    return answer.outcome == sdk::Outcome::Ok ? "ok" : answer.code;
  }

  FakeHost host;
  std::unique_ptr<ConnectorUnderTest> connector;
};

// As clients of NDES read it: UTF-16, its order said by the mark.
std::string text_of_page(const FakeExchange::Response& response) {
  const auto& body = response.body;
  REQUIRE(body.size() % 2 == 0);
  REQUIRE(body.size() > 2);
  REQUIRE((body[0] == 0xFF && body[1] == 0xFE));
  std::string text;
  for (std::size_t i = 2; i < body.size(); i += 2) {
    REQUIRE(body[i + 1] == 0);
    text.push_back(static_cast<char>(body[i]));
  }
  return text;
}

std::string challenge_in(const std::string& text) {
  const std::string before = "The enrollment challenge password is: <B> ";
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  return text.substr(begin + before.size(), text.find(' ', begin + before.size()) - begin - before.size());
}

std::string field(const FakeExchange::Response& response, const std::string& name) {
  std::string all;
  for (const sdk::Label& label : response.fields) {
    if (label.name == name) all += (all.empty() ? "" : ", ") + label.value;
  }
  return all;
}

std::string fault_of(std::string_view body) {
  const auto parsed = parse_mint_request(body);
  return parsed ? "" : parsed.error().pointer + " " + parsed.error().message;
}

}  // namespace

TEST_CASE("a body names profile, subject, alternative names and device, each of them or none") {
  const auto parsed = parse_mint_request(
      R"({"profile":"wifi","subject":"laptop-7","san":["dns:a.example","upn:a@b.example"],"device":"7F3A"})");
  REQUIRE(parsed);
  CHECK(parsed->profile == "wifi");
  CHECK(parsed->subject == "laptop-7");
  CHECK(parsed->san == std::vector<std::string>{"dns:a.example", "upn:a@b.example"});
  CHECK(parsed->device == "7F3A");
  CHECK_FALSE(parsed->endpoint);
  const auto empty = parse_mint_request("{}");
  REQUIRE(empty);
  CHECK_FALSE(empty->profile);
  CHECK_FALSE(empty->san);
  CHECK(parse_mint_request(R"({"san":[]})")->san == std::vector<std::string>{});
}

TEST_CASE("a body that is not strictly one is refused, and is told what and where") {
  const auto [body, fault] = GENERATE(table<std::string, std::string>({
      {"", " is no JSON: it ends or goes wrong at octet 1"},
      {"[]", " is no JSON object"},
      {"\"x\"", " is no JSON object"},
      {"7", " is no JSON object"},
      {"{} {}", " is no JSON: it ends or goes wrong at octet 4"},
      {R"({"profile":"a","profile":"a"})", "/profile stands there twice"},
      {R"({"san":[],"san":[]})", "/san stands there twice"},
      {R"({"lifetime":"90d"})", " unknown key \"lifetime\"; known are profile, subject, san and device"},
      {R"({"Profile":"a"})", " unknown key \"Profile\"; known are profile, subject, san and device"},
      {R"({"profile":null})", "/profile must be a text"},
      {R"({"profile":7})", "/profile must be a text"},
      {R"({"profile":["a"]})", "/profile must be a text"},
      {R"({"subject":{"profile":"a"}})", "/subject must be a text"},
      {R"({"san":"dns:a"})", "/san must be a list of texts"},
      {R"({"san":[["dns:a"]]})", "/san must be a list of texts"},
      {R"({"san":[true]})", "/san must be a list of texts"},
      {"{\"device\":\"\xFF\"}", " is no JSON: it ends or goes wrong at octet 12"},
  }));
  CHECK(fault_of(body) == fault);
}

TEST_CASE("a body that ends anywhere before its end is refused") {
  const std::string whole = R"({"profile":"wifi","san":["dns:a.example"],"device":"x"})";
  REQUIRE(parse_mint_request(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(parse_mint_request(whole.substr(0, size)));
}

TEST_CASE("a body has a largest size, depth and number of names") {
  CHECK(fault_of("{\"device\":\"" + std::string(kLargestMintRequest, 'x') + "\"}") ==
        " is larger than 16384 bytes");
  CHECK(fault_of(R"({"san":)" + std::string(8000, '[')) == "/san must be a list of texts");
  std::string names;
  for (std::size_t i = 0; i <= kMostAlternativeNames; ++i)
    names += (i == 0 ? "" : ",") + std::string(R"("dns:a")");
  CHECK(fault_of("{\"san\":[" + names + "]}") == "/san has more than 64 names");
  // What a fault repeats of a hostile key is short.
  CHECK(fault_of("{\"" + std::string(9000, 'k') + "\":1}").size() < 200);
}

TEST_CASE("credentials are read from the field Authorization as RFC 7617 and 6750 write them") {
  const auto password = parse_credentials("bAsIc  " + pki::base64_encode(pki::as_bytes("CORP\\mdm:a:b")));
  CHECK(password.kind == CredentialKind::Password);
  CHECK(password.user == "CORP\\mdm");
  CHECK(password.secret.reveal_text() == "a:b");
  const auto token = parse_credentials("Bearer abc.def");
  CHECK(token.kind == CredentialKind::Token);
  CHECK(token.secret.reveal_text() == "abc.def");
  const std::string none =
      GENERATE("", "Basic", "Basic ", "Basic !!", "Basic YWJj", "Bearer", "Bearer ", "Basicabc",
               "NTLM TlRMTVNTUAAB", "Negotiate YII=", "Digest username=\"mdm\"");
  CHECK(parse_credentials(none).kind == CredentialKind::None);
  CHECK(parse_credentials("Bearer " + std::string(9000, 'x')).kind == CredentialKind::None);
}

TEST_CASE("a challenge from the API is good for what the request named, as one from the command line") {
  Desk desk;
  const auto response =
      desk.ask({.body = R"({"profile":"vpn","subject":"laptop-7","san":["dns:a.example"],"device":"7F3A"})"});
  CHECK(response.status == 201);
  CHECK(response.content_type == "application/json");
  CHECK(field(response, "Cache-Control") == "no-store");
  const json minted = json::parse(sdk::text_of(response.body));
  const std::string challenge = minted.at("challenge");
  CHECK(challenge.size() == 32);
  CHECK(minted.at("profile") == "vpn");
  CHECK(minted.at("expires").get<std::string>().ends_with("Z"));
  CHECK(desk.spend(challenge, "wifi") == "challenge.wrong_profile");
  CHECK(desk.spend(challenge, "vpn") == "ok");
  CHECK(desk.spend(challenge, "vpn") == "ok");  // the same item again
  CHECK(desk.spend(challenge, "vpn", 0x22) == "challenge.spent");
  const json row = json::parse(desk.connector->run_action("challenge_list", "{}")).at("challenges").at(0);
  CHECK(row.at("id") == minted.at("id"));
  CHECK(row.at("device") == "7F3A");
  CHECK(row.at("subject") == "laptop-7");
  CHECK(desk.spend(desk.mint(R"({"subject":"other"})")) == "challenge.wrong_subject");
  CHECK(desk.spend(desk.mint(R"({"san":[]})")) == "challenge.wrong_subject");
}

TEST_CASE("a request that names no profile gets the account's first, and its endpoint goes without saying") {
  json account = kAccount;
  account["endpoint"] = "scep";
  Desk desk(with_mint({{"accounts", {account}}}));
  CHECK(desk.spend(desk.mint(), "vpn") == "challenge.wrong_profile");
  CHECK(desk.spend(desk.mint(), "wifi") == "ok");
  CHECK(desk.spend(desk.mint(), "wifi", 0x33, "other") == "challenge.wrong_endpoint");
}

TEST_CASE("bindings over HTTP are refused for the same reasons as on the command line") {
  Desk desk;
  const auto [body, pointer] = GENERATE(table<std::string, std::string>({
      {R"({"subject":""})", "/subject"},
      {R"({"subject":"a\u202eb"})", "/subject"},
      {R"({"san":["a.example"]})", "/san"},
      {R"({"san":["ip:1.2.3"]})", "/san"},
      {R"({"device":"a\u0000b"})", "/device"},
      {R"({"device":")" + std::string(129, 'x') + R"("})", "/device"},
  }));
  const auto response = desk.ask({.body = body});
  CHECK(response.status == 400);
  const json error = json::parse(sdk::text_of(response.body)).at("error");
  CHECK(error.at("code") == "mint.bad_request");
  CHECK(error.at("at") == pointer);
}

TEST_CASE("a bearer token opens the API, and not the page") {
  Desk desk;
  CHECK(desk.status({.authorization = "Bearer a-bearer-token"}) == 201);
  CHECK(desk.status({.authorization = "Bearer a-bearer-tokem"}) == 401);
  CHECK(desk.status({.authorization = "Bearer open sesame"}) == 401);
  CHECK(desk.status({.authorization = basic("mdm:a-bearer-token")}) == 401);
  Ask with_token = page();
  with_token.authorization = "Bearer a-bearer-token";
  CHECK(desk.status(with_token) == 401);
}

TEST_CASE("whoever asks without a password hears which schemes there are, and that is no wrong try") {
  Desk desk;
  for (int i = 0; i < 20; ++i) {
    Ask anonymous = page();
    anonymous.authorization = i % 2 == 0 ? "" : "NTLM TlRMTVNTUAABAAAA";
    const auto response = desk.ask(anonymous);
    CHECK(response.status == 401);
    CHECK(field(response, "WWW-Authenticate").starts_with("Basic realm="));
    CHECK(field(desk.ask({.authorization = {}}), "WWW-Authenticate").find("Bearer") != std::string::npos);
  }
  CHECK(desk.status({}) == 201);
}

TEST_CASE("five wrong passwords put off everything from their address for the rest of the minute") {
  Desk desk;
  for (int i = 0; i < 5; ++i) CHECK(desk.status({.authorization = basic("mdm:guess")}) == 401);
  const auto put_off = desk.ask({});
  CHECK(put_off.status == 429);
  CHECK(put_off.retry_after_s == 60);
  CHECK(desk.status(page()) == 429);
  CHECK(desk.status({.address = "192.0.2.2:40000"}) == 201);
  desk.host.advance(std::chrono::seconds(61));
  for (int i = 0; i < 20; ++i) CHECK(desk.status({}) == 201);
}

TEST_CASE("an account that asks for another profile is told that it may not") {
  Desk desk;
  const auto refused = desk.ask({.body = R"({"profile":"admin"})"});
  CHECK(refused.status == 403);
  CHECK(json::parse(sdk::text_of(refused.body)).at("error").at("code") == "mint.not_allowed");
  const auto said = desk.ask(page("profile=admin"));
  CHECK(said.status == 200);  // clients of NDES read no other
  CHECK(text_of_page(said).find("You do not have sufficient permission to enroll with SCEP.") !=
        std::string::npos);
  CHECK(challenge_in(text_of_page(said)).empty());
  CHECK(json::parse(desk.connector->run_action("challenge_list", "{}")).at("challenges").empty());
}

TEST_CASE("the page shows a challenge as NDES does, with the CA's thumbprint and how long it is good") {
  Desk desk;
  desk.host.chains = {{"ca", {'a', 'b', 'c'}}, {"ca", {'r', 'o', 'o', 't'}}};
  const auto response = desk.ask(page());
  CHECK(response.status == 200);
  CHECK(response.content_type.starts_with("text/html"));
  CHECK(field(response, "Cache-Control") == "no-store");
  const std::string text = text_of_page(response);
  const std::string challenge = challenge_in(text);
  CHECK(challenge.size() == 16);
  CHECK(challenge.find_first_not_of("0123456789ABCDEF") == std::string::npos);
  CHECK(text.find(challenge +
                  " </B> <P> This password can be used only once and will expire within 60 minutes.") !=
        std::string::npos);
  // SHA-1 of "abc", FIPS 180-4
  CHECK(text.find(
            "The thumbprint (hash value) for the CA certificate is: <B> A9993E36 4706816A BA3E2571 7850C26C "
            "9CD0D89D </B>") != std::string::npos);
  CHECK(desk.spend(challenge) == "ok");
  CHECK(desk.spend(challenge_in(text_of_page(desk.ask(page()))), "vpn") == "challenge.wrong_profile");
  CHECK(desk.spend(challenge_in(text_of_page(desk.ask(page("x=1&profile=vpn")))), "vpn") == "ok");
}

TEST_CASE("the page stands with and without a final slash, and nothing is below it") {
  Desk desk;
  Ask bare = page();
  bare.path = "/certsrv/mscep_admin";
  CHECK(desk.status(bare) == 200);
  bare.path = "/certsrv/mscep_admin/x";
  CHECK(desk.status(bare) == 404);
  CHECK(desk.status({.path = "/v1/challenges/1"}) == 404);
}

TEST_CASE("the page is for GET, the API for POST of JSON; HEAD mints nothing") {
  Desk desk;
  Ask head = page();
  head.method = "HEAD";
  const auto looked = desk.ask(head);
  CHECK(looked.status == 200);
  CHECK(json::parse(desk.connector->run_action("challenge_list", "{}")).at("challenges").empty());
  CHECK(looked.body.size() == desk.ask(page()).body.size());
  Ask post = page();
  post.method = "POST";
  CHECK(desk.status(post) == 405);
  CHECK(field(desk.ask(post), "Allow") == "GET, HEAD");
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
    CHECK(desk.status({.method = method}) == 405);
  CHECK(desk.status({.content_type = "text/plain"}) == 415);
  CHECK(desk.status({.content_type = "application/x-www-form-urlencoded"}) == 415);
  CHECK(desk.status({.content_type = "Application/JSON; charset=utf-8"}) == 201);
}

TEST_CASE("no account mints while too many challenges are open; an officer still does") {
  Desk desk(with_mint({{"most_open", 3}}));
  const std::string first = desk.mint();
  desk.mint();
  desk.connector->run_action("challenge_new", "{}");
  const auto full = desk.ask({});
  CHECK(full.status == 503);
  CHECK(full.retry_after_s > 0);
  CHECK(json::parse(sdk::text_of(full.body)).at("error").at("code") == "mint.too_many_open");
  const auto said = desk.ask(page());
  CHECK(said.status == 200);
  CHECK(text_of_page(said).find("The password cache is full.") != std::string::npos);
  CHECK(challenge_in(text_of_page(said)).empty());
  desk.connector->run_action("challenge_new", "{}");
  // Two spent ones make room for one.
  desk.host.advance(std::chrono::seconds(2));
  CHECK(desk.spend(first) == "ok");
  CHECK(desk.status({}) == 503);
  desk.host.advance(std::chrono::hours(2));
  CHECK(desk.status({}) == 201);
}

TEST_CASE("what was spent makes room") {
  Desk desk(with_mint({{"most_open", 1}}));
  const std::string first = desk.mint();
  CHECK(desk.status({}) == 503);
  CHECK(desk.spend(first) == "ok");
  desk.host.advance(std::chrono::seconds(2));
  CHECK(desk.status({}) == 201);
}

TEST_CASE("minting is logged with who and what, and never with a secret") {
  Desk desk;
  const json minted = desk.answer({.body = R"({"device":"7F3A"})"});
  desk.ask({.authorization = basic("typed-into-the-wrong-field:guess")});
  desk.ask({.body = R"({"profile":"admin"})"});
  const std::string on_page = challenge_in(text_of_page(desk.ask(page())));
  std::string all;
  int told = 0;
  for (const auto& record : desk.host.logs()) {
    told += record.event == "challenge minted" ? 1 : 0;
    all += record.event;
    for (const sdk::Label& label : record.fields) all += " " + label.name + "=" + label.value;
  }
  CHECK(told == 2);
  CHECK(all.find("account=mdm") != std::string::npos);
  CHECK(all.find("address=192.0.2.1 ") != std::string::npos);
  CHECK(all.find("challenge=" + minted.at("id").get<std::string>()) != std::string::npos);
  CHECK(all.find("device=7F3A") != std::string::npos);
  for (const std::string& secret :
       {minted.at("challenge").get<std::string>(), on_page, std::string("open sesame"), std::string("guess"),
        std::string("typed-into")}) {
    CHECK(all.find(secret) == std::string::npos);
  }
}

TEST_CASE("when the store can't be written nothing is minted, and the client comes again") {
  Desk desk;
  desk.mint();
  desk.host.store.fail_next_commit(sdk::Outcome::Unavailable);
  const auto response = desk.ask({});
  CHECK(response.status == 503);
  CHECK(json::parse(sdk::text_of(response.body)).at("error").at("code") == "mint.store");
  desk.host.store.fail_next_commit(sdk::Outcome::Unavailable);
  CHECK(desk.status(page()) == 503);
}

TEST_CASE("the routes take bodies of 16 KiB and none, and ask for the field Authorization") {
  Desk desk;
  REQUIRE(desk.host.routes.size() == 2);
  CHECK(desk.host.routes[0].max_body == 16384);
  CHECK(desk.host.routes[1].max_body == 0);
  for (const auto& route : desk.host.routes) CHECK((route.flags & CERTSPAN_ROUTE_AUTHORIZATION) != 0);
}

TEST_CASE("without `mint` there are no routes, and it is no source of work either way") {
  Desk desk(json{{"one_time", json::object()}});
  CHECK(desk.host.routes.empty());
  CHECK((desk.connector->source().flags & CERTSPAN_SOURCE_BRINGS_NO_WORK) != 0);
}

TEST_CASE("settings for minting that can't work are refused at their place") {
  const auto faults = [](const json& settings) {
    std::string all;
    for (const auto& fault : sdk::testing::faults_in(sdk::ConnectorType<Challenge>::kTable, settings.dump()))
      all += fault.pointer + ";";
    return all;
  };
  CHECK(faults(with_mint()).empty());
  CHECK(faults({{"static", "s"}, {"mint", kMint}}) == "/mint;");
  CHECK(faults(with_mint({{"ndes_page", "/v1/challenges"}})) == "/mint/ndes_page;");
  json colon = kAccount;
  colon["name"] = "a:b";
  CHECK(faults(with_mint({{"accounts", {kAccount, kAccount, colon}}})) ==
        "/mint/accounts/1/name;/mint/accounts/2/name;");
  json only_token = kAccount;
  only_token.erase("password");
  json only_page = kMint;
  only_page.erase("path");
  only_page["accounts"] = {only_token};
  CHECK(faults({{"one_time", json::object()}, {"mint", only_page}}) == "/mint/accounts/0;");
}

TEST_CASE("two accounts can't share a token, and a reference must open to something") {
  json other = kAccount;
  other["name"] = "other";
  CHECK_THROWS_WITH(Desk(with_mint({{"accounts", {kAccount, other}}})),
                    Catch::Contains("token of account \"mdm\""));
  other["token"] = "token-nowhere";
  CHECK_THROWS_WITH(Desk(with_mint({{"accounts", {other}}})), Catch::Contains("opens to nothing"));
}

TEST_CASE("a record from before devices were written down still reads") {
  const auto old = decode_record(
      pki::as_bytes(R"({"endpoint":"scep","profile":"wifi","subject":"","expires_ms":7,"used_by":""})"));
  REQUIRE(old);
  CHECK(old->device.empty());
  CHECK(old->binding.profile == "wifi");
  const auto again = decode_record(
      pki::as_bytes(encode_record({.binding = {}, .device = "7F3A", .expires_ms = 7, .used_by = {}})));
  REQUIRE(again);
  CHECK(again->device == "7F3A");
}

}  // namespace certspan::scep::test
