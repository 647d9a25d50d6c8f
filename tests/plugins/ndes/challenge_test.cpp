#include "plugins/ndes/challenge/challenge.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/fake_host.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "tests/support/scep_test_client.hpp"

namespace certspan::scep::test {

using namespace certspan::test;
using nlohmann::json;
using sdk::testing::ConnectorUnderTest;
using sdk::testing::FakeHost;
using sdk::testing::FakeItem;
using sdk::testing::RecordedAnswer;

namespace {

class Challenges {
 public:
  explicit Challenges(const json& settings) {
    host.secrets["token-static"] = "correct horse";
    connector_ =
        std::make_unique<ConnectorUnderTest>(sdk::ConnectorType<Challenge>::kTable, host, settings.dump());
    connector_->start();
  }

  // A request with this challenge, as a work item of its own unless `key` says otherwise.
  static FakeItem item(const std::string& challenge, std::uint8_t key = 0x11) {
    FakeItem made;
    made.request = make_request(
        TestKey::shared_rsa(1),
        {.common_name = "laptop-7", .challenge = challenge, .subject_alt_name = "DNS:a.example"});
    made.key = sdk::ByteBuffer(32, key);
    return made;
  }
  RecordedAnswer validate(FakeItem item) { return connector_->validate(item); }
  std::string code(FakeItem item) { return connector_->validate(item).code; }

  json run(const char* action, const json& arguments = json::object()) {
    return json::parse(connector_->run_action(action, arguments.dump()));
  }
  std::string mint(const json& arguments = json::object()) {
    return run("challenge_new", arguments).at("challenge").get<std::string>();
  }

  FakeHost host;

 private:
  std::unique_ptr<ConnectorUnderTest> connector_;
};

const json kStatic = {{"static", "token-static"}};
const json kOneTime = {{"one_time", json::object()}};

}  // namespace

TEST_CASE("the static challenge passes, as often as it comes") {
  Challenges challenges(kStatic);
  CHECK(challenges.validate(Challenges::item("correct horse")).outcome == sdk::Outcome::Ok);
  CHECK(challenges.validate(Challenges::item("correct horse", 0x22)).outcome == sdk::Outcome::Ok);
}

TEST_CASE("anything else than the static challenge is refused and says nothing about it") {
  Challenges challenges(kStatic);
  const std::string wrong = GENERATE("correct hors", "correct horse ", "Correct horse", "x");
  const auto answer = challenges.validate(Challenges::item(wrong));
  CHECK(answer.outcome == sdk::Outcome::Rejected);
  CHECK(answer.code == "challenge.unknown");
  CHECK(answer.message.find("horse") == std::string::npos);
}

TEST_CASE("a request without a challenge is refused") {
  Challenges challenges(kStatic);
  FakeItem item;
  item.request = make_request(TestKey::shared_rsa(1));
  CHECK(challenges.code(item) == "challenge.missing");
}

TEST_CASE("a one-time challenge passes for its item, however often, and for no other") {
  Challenges challenges(kOneTime);
  const std::string challenge = challenges.mint();
  CHECK(challenge.size() == 32);  // 160 bits
  CHECK(challenges.validate(Challenges::item(challenge)).outcome == sdk::Outcome::Ok);
  CHECK(challenges.validate(Challenges::item(challenge)).outcome == sdk::Outcome::Ok);
  CHECK(challenges.code(Challenges::item(challenge, 0x22)) == "challenge.spent");
  CHECK(challenges.validate(Challenges::item(challenge)).outcome == sdk::Outcome::Ok);
}

TEST_CASE("a request that names a user needs a challenge that was minted for that user") {
  const auto user_item = [](const std::string& challenge) {
    FakeItem made = Challenges::item(challenge);
    made.request =
        make_request(TestKey::shared_rsa(1), {.common_name = "alice",
                                              .challenge = challenge,
                                              .subject_alt_name = "otherName:msUPN;UTF8:alice@corp.example"});
    return made;
  };
  Challenges fixed(kStatic);
  const auto refused = fixed.validate(user_item("correct horse"));
  CHECK(refused.outcome == sdk::Outcome::Rejected);
  CHECK(refused.code == "challenge.unbound_user");
  Challenges minted(kOneTime);
  CHECK(minted.code(user_item(minted.mint())) == "challenge.unbound_user");
  CHECK(minted.code(user_item(minted.mint({{"san", {"upn:bob@corp.example"}}}))) ==
        "challenge.wrong_subject");
  const std::string for_alice = minted.mint({{"san", {"upn:alice@corp.example"}}});
  CHECK(minted.validate(user_item(for_alice)).outcome == sdk::Outcome::Ok);
  Challenges lenient({{"static", "token-static"}, {"danger_unbound_users", true}});
  CHECK(lenient.validate(user_item("correct horse")).outcome == sdk::Outcome::Ok);
}

TEST_CASE("a challenge that was never minted is unknown") {
  Challenges challenges(kOneTime);
  challenges.mint();
  CHECK(challenges.code(Challenges::item("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")) == "challenge.unknown");
  CHECK(challenges.code(Challenges::item("key")) == "challenge.unknown");
}

TEST_CASE("a challenge expires, but not for the item that spent it in time") {
  Challenges challenges(json{{"one_time", {{"lifetime", 60'000}}}});
  const std::string spent = challenges.mint();
  const std::string unspent = challenges.mint();
  const std::string longer = challenges.mint({{"lifetime", "2m"}});
  CHECK(challenges.validate(Challenges::item(spent)).outcome == sdk::Outcome::Ok);
  challenges.host.advance(std::chrono::seconds(61));
  CHECK(challenges.validate(Challenges::item(spent)).outcome == sdk::Outcome::Ok);
  CHECK(challenges.code(Challenges::item(unspent)) == "challenge.expired");
  CHECK(challenges.validate(Challenges::item(longer)).outcome == sdk::Outcome::Ok);
}

TEST_CASE("a bound challenge passes only where it belongs, and a wrong try does not spend it") {
  Challenges challenges(kOneTime);
  const auto [binding, change, code] = GENERATE(table<json, std::string, std::string>(
      {{{{"endpoint", "scep"}}, "source", "challenge.wrong_endpoint"},
       {{{"profile", "wifi"}}, "profile", "challenge.wrong_profile"},
       {{{"subject", "laptop-7"}}, "subject", "challenge.wrong_subject"},
       {{{"subject", "CN=laptop-7"}}, "subject", "challenge.wrong_subject"},
       {{{"san", {"dns:a.example", "dns:b.example"}}}, "san", "challenge.wrong_subject"}}));
  CAPTURE(binding.dump());
  const std::string challenge = challenges.mint(binding);
  FakeItem right = Challenges::item(challenge);
  right.profile = "wifi";
  FakeItem wrong = right;
  if (change == "source") wrong.source = "scep2";
  if (change == "profile") wrong.profile = "vpn";
  if (change == "subject") {
    wrong.request = make_request(TestKey::shared_rsa(1), {.common_name = "laptop-8", .challenge = challenge});
  }
  if (change == "san") {
    wrong.request =
        make_request(TestKey::shared_rsa(1), {.common_name = "laptop-7",
                                              .challenge = challenge,
                                              .subject_alt_name = "DNS:a.example,DNS:ceo.example"});
  }
  CHECK(challenges.code(wrong) == code);
  CHECK(challenges.validate(right).outcome == sdk::Outcome::Ok);
}

TEST_CASE("where the step names no profile, the endpoint's label counts") {
  Challenges challenges(json{{"one_time", {{"profile", "wifi"}, {"endpoint", "scep"}}}});
  FakeItem item = Challenges::item(challenges.mint());
  CHECK(challenges.code(item) == "challenge.wrong_profile");
  item.labels = {{"profile", "wifi"}};
  CHECK(challenges.validate(item).outcome == sdk::Outcome::Ok);
}

TEST_CASE("a second common name in the request does not carry a challenge that is bound to the first") {
  Challenges challenges(kOneTime);
  const std::string challenge = challenges.mint({{"subject", "laptop-7"}});
  const pki::Bytes name = pki::encode_name("CN=laptop-7,CN=ceo").value();
  const auto key = pki::generate_private_key(pki::KeySpec::P256).value();
  pki::RequestTemplate wanted;
  wanted.subject = name;
  wanted.challenge_password = challenge;
  FakeItem item;
  item.request = pki::write_certificate_request(wanted, key).value();
  CHECK(challenges.code(item) == "challenge.wrong_subject");
}

TEST_CASE("a malformed request spends nothing") {
  Challenges challenges(kOneTime);
  const std::string challenge = challenges.mint();
  FakeItem broken = Challenges::item(challenge, 0x22);
  broken.request.back() ^= 1;  // of the signature
  CHECK(challenges.validate(broken).outcome == sdk::Outcome::Invalid);
  broken.request.resize(50);
  CHECK(challenges.validate(broken).outcome == sdk::Outcome::Invalid);
  CHECK(challenges.validate(Challenges::item(challenge)).outcome == sdk::Outcome::Ok);
}

TEST_CASE("of many items that want one challenge at once, one gets it") {
  Challenges challenges(kOneTime);
  const std::string challenge = challenges.mint();
  std::atomic<int> passed = 0;
  std::atomic<int> spent = 0;
  std::vector<FakeItem> items;
  for (std::uint8_t i = 0; i < 8; ++i) items.push_back(Challenges::item(challenge, i));
  std::vector<std::thread> threads;
  threads.reserve(items.size());
  for (const FakeItem& item : items) {
    threads.emplace_back([&] {
      const auto answer = challenges.validate(item);
      if (answer.outcome == sdk::Outcome::Ok) ++passed;
      if (answer.code == "challenge.spent") ++spent;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(passed == 1);
  CHECK(spent == 7);
}

TEST_CASE("a store that can't be written refuses for now, not for good") {
  Challenges challenges(kOneTime);
  const std::string challenge = challenges.mint();
  challenges.host.store.fail_next_commit(sdk::Outcome::Unavailable);
  CHECK(challenges.validate(Challenges::item(challenge)).outcome == sdk::Outcome::Unavailable);
  CHECK(challenges.validate(Challenges::item(challenge)).outcome == sdk::Outcome::Ok);
}

TEST_CASE("neither store nor log holds the text of a challenge") {
  Challenges challenges(json{{"static", "token-static"}, {"one_time", json::object()}});
  const std::string challenge = challenges.mint();
  challenges.validate(Challenges::item(challenge));
  challenges.validate(Challenges::item(challenge, 0x22));
  for (const auto& [key, value] : challenges.host.store.records()) {
    CHECK(key.find(challenge) == std::string::npos);
    CHECK(value.bytes.find(challenge) == std::string::npos);
  }
  for (const auto& record : challenges.host.logs()) {
    for (const sdk::Label& field : record.fields) CHECK(field.value.find(challenge) == std::string::npos);
  }
}

TEST_CASE("five wrong challenges from one address put it off for a minute, and no other") {
  Challenges challenges(kStatic);
  const auto from = [](const std::string& address, const std::string& challenge) {
    FakeItem item = Challenges::item(challenge);
    item.labels = {{"address", address}};
    return item;
  };
  for (int i = 0; i < 5; ++i) CHECK(challenges.code(from("192.0.2.7", "wrong")) == "challenge.unknown");
  challenges.host.advance(std::chrono::seconds(20));
  const auto put_off = challenges.validate(from("192.0.2.7", "correct horse"));
  CHECK(put_off.outcome == sdk::Outcome::Throttled);
  CHECK(put_off.code == "challenge.too_many_tries");
  CHECK(put_off.retry_after_ms > 30'000);
  CHECK(put_off.retry_after_ms <= 40'000);
  CHECK(challenges.validate(from("192.0.2.8", "correct horse")).outcome == sdk::Outcome::Ok);
  challenges.host.advance(std::chrono::seconds(41));
  CHECK(challenges.validate(from("192.0.2.7", "correct horse")).outcome == sdk::Outcome::Ok);
}

TEST_CASE("right challenges never lock an address out") {
  Challenges challenges(kStatic);
  FakeItem item = Challenges::item("correct horse");
  item.labels = {{"address", "192.0.2.7"}};
  for (int i = 0; i < 20; ++i) CHECK(challenges.validate(item).outcome == sdk::Outcome::Ok);
}

TEST_CASE("the limiter forgets addresses whose minute has ended, and stays bounded") {
  TryLimiter limiter;
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < TryLimiter::kMaxAddresses; ++i) limiter.count_wrong(std::to_string(i), now);
  for (int i = 0; i < 9; ++i) limiter.count_wrong("late", now);
  CHECK(limiter.wait("late", now).count() == 0);  // no room to count it
  for (int i = 0; i < 9; ++i) limiter.count_wrong("late", now + TryLimiter::kWindow);
  CHECK(limiter.wait("late", now + TryLimiter::kWindow) == TryLimiter::kWindow);
}

TEST_CASE("challenges are listed without their text, and cancelled by the beginning of their id") {
  Challenges challenges(json{{"one_time", {{"lifetime", 60'000}}}});
  const auto open = challenges.run("challenge_new", {{"subject", "laptop-7"}});
  const auto spent = challenges.run("challenge_new");
  challenges.validate(Challenges::item(spent.at("challenge")));
  std::map<std::string, std::string> states;
  const json list = challenges.run("challenge_list");
  for (const json& row : list.at("challenges")) {
    states[row.at("id")] = row.at("state");
    CHECK(row.dump().find(open.at("challenge").get<std::string>()) == std::string::npos);
  }
  CHECK(states == std::map<std::string, std::string>{{open.at("id"), "open"}, {spent.at("id"), "spent"}});

  challenges.run("challenge_cancel", {{"id", open.at("id").get<std::string>().substr(0, 8)}});
  CHECK(challenges.code(Challenges::item(open.at("challenge"), 0x22)) == "challenge.unknown");
  CHECK_THROWS_WITH(challenges.run("challenge_cancel", {{"id", spent.at("id")}}),
                    Catch::Contains("spent already"));
  CHECK_THROWS_WITH(challenges.run("challenge_cancel", {{"id", "zzzz"}}),
                    Catch::Contains("no challenge with this id"));
}

TEST_CASE("many challenges are listed page by page, and those long past are forgotten") {
  Challenges challenges(json{{"one_time", {{"lifetime", 60'000}}}});
  std::set<std::string> ids;
  for (int i = 0; i < 600; ++i) ids.insert(challenges.run("challenge_new").at("id").get<std::string>());
  REQUIRE(ids.size() == 600);
  CHECK(challenges.run("challenge_list").at("challenges").size() == 600);
  challenges.host.advance(std::chrono::hours(24 * 8));
  for (int i = 0; i < 20; ++i) challenges.mint();
  CHECK(challenges.run("challenge_list").at("challenges").size() == 20);
}

TEST_CASE("a restart keeps the key under which challenges are found") {
  Challenges challenges(kOneTime);
  const std::string challenge = challenges.mint();
  ConnectorUnderTest next(sdk::ConnectorType<Challenge>::kTable, challenges.host, kOneTime.dump());
  next.start();
  FakeItem item = Challenges::item(challenge);
  CHECK(next.validate(item).outcome == sdk::Outcome::Ok);
}

TEST_CASE("a lifetime needs a unit and a limit") {
  Challenges challenges(kOneTime);
  const std::string wrong = GENERATE("", "5", "m", "-5m", "0h", "91d", "999ms");
  CAPTURE(wrong);
  CHECK_THROWS(challenges.mint({{"lifetime", wrong}}));
  CHECK_NOTHROW(challenges.mint({{"lifetime", "90d"}}));
}

TEST_CASE("a binding that is empty, or that no request could fulfil, mints nothing") {
  Challenges challenges(kOneTime);
  const json wrong =
      GENERATE(json{{"subject", ""}}, json{{"subject", "a\x1b[31mb"}}, json{{"subject", "a\xEF\xBF\xBD"}},
               json{{"endpoint", ""}}, json{{"profile", ""}}, json{{"san", {""}}},
               json{{"san", {"laptop-7.example"}}}, json{{"san", {"dns:"}}}, json{{"san", {"dns:a b"}}},
               json{{"san", {"dns:a.example", "name:b"}}}, json{{"san", {"upn:nobody"}}});
  CAPTURE(wrong);
  CHECK_THROWS(challenges.mint(wrong));
  CHECK(challenges.run("challenge_list").at("challenges").empty());
}

TEST_CASE("every kind of alternative name that a profile can allow can be bound") {
  Challenges challenges(kOneTime);
  const json names = {"dns:a.example", "dns:*.b.example", "email:a@b.example",    "uri:urn:x",
                      "ip:192.0.2.7",  "ip:2001:db8::1",  "upn:someone@b.example"};
  CHECK_NOTHROW(challenges.mint({{"san", names}}));
  CHECK_NOTHROW(challenges.mint({{"san", json::array()}}));
}

TEST_CASE("settings by which nothing could pass are refused") {
  sdk::testing::FaultRecorder faults;
  const auto& table = sdk::ConnectorType<Challenge>::kTable;
  CHECK(table.validate_config(sdk::to_abi(std::string_view("{}")), faults.sink()) == CERTSPAN_INVALID);
  CHECK(faults.faults().size() == 1);
  FakeHost empty;
  ConnectorUnderTest connector(table, empty, kStatic.dump());
  CHECK_THROWS_WITH(connector.start(), Catch::Contains("opens to nothing"));
}

}  // namespace certspan::scep::test
