// Intune's orders of revocation: what is read of them, and what is told of each.

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "plugins/intune/revocation_orders/orders.hpp"

namespace certspan::intune {
namespace {

using nlohmann::json;

constexpr std::string_view kPage = R"({"@odata.context": "https://example/$metadata", "value": [
  {"requestContext": "c1", "serialNumber": "0A:1b-2C", "issuerName": "CN=CA", "caConfiguration": "corp-ca/w-0123"},
  {"requestContext": "c2", "serialNumber": "77", "issuerName": null, "caConfiguration": null},
  {"requestContext": "c3", "serialNumber": "certificate 7", "caConfiguration": "of another product"}]})";

json result_for(sdk::Outcome outcome, std::string_view code, std::string_view message = "why") {
  certspan_delivery delivery{};
  delivery.struct_size = sizeof(delivery);
  delivery.outcome = sdk::to_abi(outcome);
  delivery.code = sdk::to_abi(code);
  delivery.message = sdk::to_abi(message);
  return json::parse(result_body("context", sdk::Delivery(delivery)));
}

TEST_CASE("a page of orders is read: serial numbers in any spelling, work ids where they are ours") {
  const auto orders = read_orders(kPage);
  REQUIRE(orders);
  REQUIRE(orders->size() == 3);
  CHECK(orders->at(0).context == "c1");
  CHECK(orders->at(0).serial == "0A1B2C");
  CHECK(orders->at(0).item == "w-0123");
  CHECK(orders->at(1).serial == "77");
  CHECK(orders->at(1).item.empty());
  CHECK(orders->at(2).serial.empty());
  CHECK(orders->at(2).item.empty());
  CHECK(read_orders(R"({"value": []})")->empty());
}

TEST_CASE("what is no whole page is none") {
  for (std::size_t size = 0; size < kPage.size(); ++size) CHECK_FALSE(read_orders(kPage.substr(0, size)));
  for (const std::string_view text : {R"({})", R"([])", R"({"value": {}})", R"({"value": null})",
                                      R"({"value": ["c1"]})", R"({"value": [{"serialNumber": "1"}]})",
                                      R"({"value": [{"requestContext": "", "serialNumber": "1"}]})",
                                      R"({"value": [{"requestContext": "c"}]})",
                                      R"({"value": [{"requestContext": 5, "serialNumber": "1"}]})",
                                      R"({"value": [{"requestContext": "c", "serialNumber": 1}]})",
                                      R"({"value": [], "value": []})", "<html>sign in</html>"}) {
    CHECK_FALSE(read_orders(text));
  }
  CHECK_FALSE(read_orders(R"({"value": [], "more": ")" + std::string(5'000'000, 'x') + "\"}"));
}

TEST_CASE("an order that can't be kept is left out, and comes again") {
  const std::string large(20'000, 'x');
  const auto orders =
      read_orders(R"({"value": [{"requestContext": ")" + large + R"(", "serialNumber": "1"}]})");
  REQUIRE(orders);
  CHECK(orders->empty());
}

TEST_CASE("orders of every issuer are asked for") {
  CHECK(json::parse(download_body(100)) ==
        json::parse(R"({"downloadParameters": {"issuerName": null, "maxRequests": 100}})"));
}

TEST_CASE("what came of an order is told by the class that says whether Intune asks again") {
  const json done = result_for(sdk::Outcome::Ok, "");
  CHECK(done ==
        json::parse(R"({"results": [{"requestContext": "context", "succeeded": true, "errorCode": "0"}]})"));
  const auto code_for = [](sdk::Outcome outcome, std::string_view code) {
    const json one = result_for(outcome, code).at("results").at(0);
    CHECK(one.at("succeeded") == false);
    CHECK(one.at("errorMessage") == std::string(code) + ": why");
    return one.at("errorCode").get<std::string>();
  };
  CHECK(code_for(sdk::Outcome::Rejected, "revocation.not_found") == "4004");
  CHECK(code_for(sdk::Outcome::Rejected, "revocation.not_issued") == "4004");
  CHECK(code_for(sdk::Outcome::Rejected, "revocation.ambiguous") == "4002");
  CHECK(code_for(sdk::Outcome::Rejected, "revocation.wrong_serial") == "4002");
  CHECK(code_for(sdk::Outcome::Rejected, "revocation.foreign") == "4002");
  CHECK(code_for(sdk::Outcome::Unsupported, "revocation.cannot") == "4006");
  CHECK(code_for(sdk::Outcome::Unavailable, "item.deadline") == "4101");
  CHECK(code_for(sdk::Outcome::Rejected, "work.refused") == "4000");
}

TEST_CASE("words for Intune are cut, and hold nothing that can't be seen") {
  const json one = result_for(sdk::Outcome::Rejected, "x", std::string(400, 'y') + "\n").at("results").at(0);
  CHECK(one.at("errorMessage").get<std::string>().size() == 255);
}

TEST_CASE("only Intune's own word says that it took the results") {
  CHECK(took_results(R"({"value": true})"));
  for (const std::string_view text :
       {R"({"value": false})", R"({"value": "true"})", R"({"value": 1})", "{}", "", "true"})
    CHECK_FALSE(took_results(text));
}

}  // namespace
}  // namespace certspan::intune
