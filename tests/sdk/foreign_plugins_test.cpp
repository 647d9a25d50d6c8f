// Plugins of other compilers and languages, side by side in one process.
#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/loaded_plugin.hpp>

namespace certspan::sdk {
namespace {

using testing::ConnectorUnderTest;
using testing::FakeHost;
using testing::FakeItem;
using testing::HttpOutScript;
using testing::LoadedPlugin;
using testing::RecordedHttpOut;

std::string file_of(const std::string& name) {
  return CERTSPAN_FOREIGN_PLUGINS "/com.example." + name + ".so";
}

TEST_CASE("an exception of another C++ library is an answer like any other") {
  for (const char* name : {"libcxx", "own_libstdcxx"}) {
    const LoadedPlugin plugin(file_of(name));
    FakeHost host;
    host.http_out.world = [](const RecordedHttpOut&) {
      return HttpOutScript::answer(200, "not what it reads");
    };
    ConnectorUnderTest ca(plugin.type("http_ca"), host, R"({"address": "ca.example:1"})");
    ca.start();
    FakeItem item;
    CHECK(ca.issue(item).code == "http_ca.status");
    CHECK(ca.issuer().chain(ca.instance(), testing::ChainRecorder().sink()) == CERTSPAN_INTERNAL);
  }
}

TEST_CASE("a constructor of another C++ library that throws is a fault with its words") {
  for (const char* name : {"libcxx", "own_libstdcxx"}) {
    const LoadedPlugin plugin(file_of(name));
    const FakeHost host;
    CHECK_THROWS_WITH(ConnectorUnderTest(plugin.type("http_ca"), host, "not JSON"),
                      Catch::Matchers::Contains("parse error"));
  }
}

TEST_CASE("a plugin in plain C answers as one in C++") {
  const LoadedPlugin plugin(file_of("plain_c"));
  CHECK(std::string(plugin.descriptor().id) == "com.example.plain_c");
  FakeHost host;
  host.http_out.world = [](const RecordedHttpOut&) {
    return HttpOutScript::answer(200, "laptop-7", {{"inventory-answer", "yes"}});
  };
  ConnectorUnderTest inventory(plugin.type("inventory"), host, R"({"url": "https:\/\/i\u002eexample\/"})");
  inventory.start();
  FakeItem item;
  item.request = {0x30, 0};
  CHECK(inventory.validate(item).label("device") == "laptop-7");
  CHECK(host.http_out.requests().at(0).url == "https://i.example/requests");
}

TEST_CASE("settings that a plugin in plain C can't read are refused") {
  const LoadedPlugin plugin(file_of("plain_c"));
  const std::string most(2000, 'x');
  for (const std::string& settings :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"url": "https://a)"),
        std::string(R"({"url": "https://a\)"), std::string(R"({"url": "https://a\u12)"),
        std::string(R"({"url": 5})"), std::string(R"({"url": "https://a", "timeout": -1})"),
        std::string(R"({"url": "https://a"} x)"), R"({"url": "https://)" + most + "\"}",
        "{\"" + most + "\": 1}"}) {
    CAPTURE(settings);
    CHECK(testing::faults_in(plugin.type("inventory"), settings).size() == 1);
  }
}

TEST_CASE("a panic in Rust is an answer, and goes no further") {
  if (!std::filesystem::exists(file_of("rust"))) {
    WARN("there is no rustc: the plugin in Rust was not tried");
    return;
  }
  const LoadedPlugin plugin(file_of("rust"));
  const FakeHost host;
  FakeItem item;
  ConnectorUnderTest calm(plugin.type("rust"), host, "{}");
  CHECK(calm.validate(item).label("user") == "asked-rust");
  ConnectorUnderTest panicking(plugin.type("rust"), host, R"({"panic": true})");
  const auto answer = panicking.validate(item);
  CHECK(answer.outcome == Outcome::Internal);
  CHECK(answer.code == "rust.panic");
}

}  // namespace
}  // namespace certspan::sdk
