#include "host/app/ending.hpp"

#include <catch2/catch.hpp>

#include "host/app/metrics_text.hpp"

using namespace certspan;
using nlohmann::json;

namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kNow = 1'800'000'000;

json end(const char* kind, const char* name, std::int64_t at) {
  return {{"kind", kind}, {"name", name}, {"at", at}};
}

}  // namespace

TEST_CASE("an end comes nearer in the steps that people are told") {
  CHECK(nearness(kNow + 61 * kDay, kNow) == Nearness::Far);
  CHECK(nearness(kNow + 60 * kDay, kNow) == Nearness::In60Days);
  CHECK(nearness(kNow + 30 * kDay + 1, kNow) == Nearness::In60Days);
  CHECK(nearness(kNow + 30 * kDay, kNow) == Nearness::In30Days);
  CHECK(nearness(kNow + 14 * kDay, kNow) == Nearness::In14Days);
  CHECK(nearness(kNow + 7 * kDay, kNow) == Nearness::In7Days);
  CHECK(nearness(kNow + kDay, kNow) == Nearness::In1Day);
  CHECK(nearness(kNow + 1, kNow) == Nearness::In1Day);
  CHECK(nearness(kNow, kNow) == Nearness::Over);
}

TEST_CASE("days are counted down, and on when it is over") {
  CHECK(days_left(kNow + kDay, kNow) == 1);
  CHECK(days_left(kNow + kDay - 1, kNow) == 0);
  CHECK(days_left(kNow - 1, kNow) == -1);
  CHECK(days_left(kNow - kDay, kNow) == -1);
  CHECK(days_left(kNow - kDay - 1, kNow) == -2);
}

TEST_CASE("of what a connector says of its ends only what fits is taken") {
  const json good = end("ra", "CN=RA", kNow);
  CHECK(read_ends(json::array({good})) == json::array({good}));
  CHECK(read_ends("soon").empty());
  for (const json& bad :
       {json(7), json::object(), end("", "CN=RA", kNow), end("R A", "CN=RA", kNow), end("ra", "", kNow),
        end("ra", "two\nlines", kNow), end("ra", "CN=RA", 0), end("ra", "CN=RA", 253'402'300'800),
        json{{"kind", "ra"}, {"name", 7}, {"at", kNow}},
        json{{"kind", "ra"}, {"name", "CN=RA"}, {"at", 1.5}}}) {
    CAPTURE(bad);
    CHECK(read_ends(json::array({bad})).empty());
  }
  json many = json::array();
  for (std::size_t i = 0; i < kMostEnds + 5; ++i) many.push_back(good);
  CHECK(read_ends(many).size() == kMostEnds);
}

TEST_CASE("all endings of a host, the nearest first, and one of a name") {
  const json status = {
      {"listeners", {{{"name", "web"}, {"certificate_ends", kNow + 2}}, {{"name", "plain"}}}},
      {"connectors",
       {{{"name", "scep"}, {"ends", json::array({end("ra", "CN=RA", kNow + 1)})}},
        {{"name", "ca"}, {"ends", json::array({end("ca", "CN=CA", kNow + 9), end("ca", "CN=CA", kNow + 5)})}},
        {{"name", "missing"}, {"state", "missing"}}}}};
  const auto endings = endings_of(status);
  REQUIRE(endings.size() == 3);
  CHECK(endings[0].name == "scep/CN=RA");
  CHECK(endings[1].name == "listeners/web");
  CHECK(endings[1].kind == "tls");
  CHECK(endings[2].name == "ca/CN=CA");
  CHECK(endings[2].at == kNow + 5);
}

TEST_CASE("a name of any kind stands in quotes that a reader of metrics takes off") {
  json status;
  status["connectors"][0] = {{"name", "ca"}, {"ends", json::array({end("ca", R"(CN=a"b\c)", kNow + 5)})}};
  CHECK(metrics_text(status, kNow)
            .find("certspan_expiry_seconds{kind=\"ca\",name=\"ca/CN=a\\\"b\\\\c\"} 5\n") !=
        std::string::npos);
}
