#include <catch2/catch.hpp>

#include <string>

#include <dlfcn.h>

#include <certspan/testing/recorders.hpp>

#include <certspan/abi/plugin.h>

namespace certspan::sdk {
namespace {

struct Version {
  explicit Version(const char* file) {
    void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    using Entry = const certspan_plugin* (*)();
    plugin = reinterpret_cast<Entry>(dlsym(library, CERTSPAN_ENTRY_SYMBOL))();
    handle = library;
  }
  [[nodiscard]] std::string next_number() const {
    testing::FaultRecorder faults;
    plugin->types[0]->validate_config(to_abi("{}"), faults.sink());
    return faults.faults().at(0).message;
  }
  const certspan_plugin* plugin = nullptr;
  void* handle = nullptr;
};

TEST_CASE("two versions of a plugin in one process keep their own statics and identity") {
  const Version one(CERTSPAN_TWIN_1);
  const Version two(CERTSPAN_TWIN_2);
  CHECK(std::string(one.plugin->version) == "1.0.0");
  CHECK(std::string(two.plugin->version) == "2.0.0");
  CHECK(one.next_number() == "100");
  CHECK(two.next_number() == "200");
  CHECK(one.next_number() == "101");
  CHECK(two.next_number() == "201");
}

TEST_CASE("a plugin stays loaded after it was closed, statics included") {
  const Version first(CERTSPAN_TWIN_1);
  const std::string before = first.next_number();
  dlclose(first.handle);
  dlclose(first.handle);
  void* const still_there = dlopen(CERTSPAN_TWIN_1, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  CHECK(still_there != nullptr);
  CHECK(std::stoi(first.next_number()) == std::stoi(before) + 1);
}

}  // namespace
}  // namespace certspan::sdk
