#include "host/services/http/route_table.hpp"

#include <catch2/catch.hpp>

namespace certspan::http {
namespace {

const HttpHandler kNothing = [](HttpRequest, HttpExchangePtr) {};

std::string owner_of(const RouteTable& table, std::string_view path, std::string_view listener = "web") {
  const auto found = table.find(listener, path);
  return found ? found->route.owner : "";
}

TEST_CASE("the longest route that ends where a segment ends takes the path") {
  RouteTable table;
  REQUIRE(table.add({.listener = "web", .path = "/scep", .owner = "scep"}, kNothing));
  REQUIRE(table.add({.listener = "web", .path = "/scep/vpn", .owner = "vpn"}, kNothing));
  REQUIRE(table.add({.listener = "web", .path = "/certsrv/mscep/mscep.dll", .owner = "ndes"}, kNothing));
  CHECK(owner_of(table, "/scep") == "scep");
  CHECK(owner_of(table, "/scep/") == "scep");
  CHECK(owner_of(table, "/scep/pkiclient.exe") == "scep");
  CHECK(owner_of(table, "/scep/vpn/pkiclient.exe") == "vpn");
  CHECK(owner_of(table, "/scep/vpns") == "scep");
  CHECK(owner_of(table, "/scepter").empty());
  CHECK(owner_of(table, "/SCEP").empty());
  CHECK(owner_of(table, "/").empty());
  CHECK(owner_of(table, "").empty());
  CHECK(owner_of(table, "/certsrv/mscep/mscep.dll/pkiclient.exe") == "ndes");
  CHECK(owner_of(table, "/scep", "other").empty());
  REQUIRE(table.add({.listener = "web", .path = "/", .owner = "rest"}, kNothing));
  CHECK(owner_of(table, "/scepter") == "rest");
  CHECK(owner_of(table, "/scep/x") == "scep");
}

TEST_CASE("a path belongs to one owner, who may renew it and loses it with all others") {
  RouteTable table;
  REQUIRE(table.add({.listener = "web", .path = "/scep", .owner = "a", .max_body = 1}, kNothing));
  const auto taken = table.add({.listener = "web", .path = "/scep", .owner = "b"}, kNothing);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().outcome == Outcome::Rejected);
  CHECK(taken.error().message.find("\"a\"") != std::string::npos);
  REQUIRE(table.add({.listener = "other", .path = "/scep", .owner = "b"}, kNothing));
  REQUIRE(table.add({.listener = "web", .path = "/scep", .owner = "a", .max_body = 2}, kNothing));
  CHECK(table.find("web", "/scep")->route.max_body == 2);
  REQUIRE(table.add({.listener = "web", .path = "/more", .owner = "a"}, kNothing));
  table.remove("a");
  CHECK(owner_of(table, "/scep").empty());
  CHECK(owner_of(table, "/more").empty());
  CHECK(owner_of(table, "/scep", "other") == "b");
}

TEST_CASE("an owner may lose all routes but those that are kept") {
  RouteTable table;
  for (const char* path : {"/old", "/kept"}) {
    REQUIRE(table.add({.listener = "web", .path = path, .owner = "a"}, kNothing));
    REQUIRE(table.add({.listener = "other", .path = path, .owner = "a"}, kNothing));
  }
  REQUIRE(table.add({.listener = "web", .path = "/theirs", .owner = "b"}, kNothing));
  const std::vector<HttpPlace> kept = {{"web", "/kept"}};
  table.remove("a", kept);
  CHECK(owner_of(table, "/kept") == "a");
  CHECK(owner_of(table, "/old").empty());
  CHECK(owner_of(table, "/kept", "other").empty());
  CHECK(owner_of(table, "/theirs") == "b");
}

TEST_CASE("what is no path is refused as a route") {
  RouteTable table;
  for (const std::string bad : {"", "scep", "/scep/", "/scep?x", "/sc ep", "/scep\r\n", "/scep#a"}) {
    const auto added = table.add({.listener = "web", .path = bad, .owner = "a"}, kNothing);
    REQUIRE_FALSE(added);
    CHECK(added.error().outcome == Outcome::Invalid);
  }
}

}  // namespace
}  // namespace certspan::http
