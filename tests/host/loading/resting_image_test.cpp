#include "host/loading/resting_image.hpp"

#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include "host/loading/plugin.hpp"
#include "tests/host/loading/loading_fixture.hpp"

namespace certspan {
namespace {

using test::Installation;

/// Of the mappings of `path` in this process that nobody writes to.
long resident_kib(const std::filesystem::path& path) {
  std::ifstream maps("/proc/self/smaps");
  long sum = 0;
  bool counts = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) {
      counts = line.ends_with(path.string()) &&
               line.find(" r--p ") + line.find(" r-xp ") != 2 * std::string::npos &&
               line.find(" rw-p ") == std::string::npos;
    } else if (counts && line.starts_with("Rss:")) {
      sum += std::stol(line.substr(4));
    }
  }
  return sum;
}

TEST_CASE("the image of a plugin that rests takes less memory and works when it is used again") {
  const Installation installation;
  installation.install("t.good");
  const auto plugin = load_plugin("t.good", installation.search());
  if (!plugin) FAIL(plugin.error().message);
  const certspan_connector_type& type = *(*plugin)->types().front();
  CHECK(type.interface_table("no.such/1") == nullptr);
  const long before = resident_kib((*plugin)->path());
  REQUIRE(before > 0);
  let_image_rest(&type);
  CHECK(resident_kib((*plugin)->path()) < before);
  CHECK(type.interface_table("no.such/1") == nullptr);
  CHECK(std::string(type.name) == "ca");
}

TEST_CASE("what lies in no library is left alone") {
  const int here = 0;
  let_image_rest(&here);
  let_image_rest(nullptr);
  SUCCEED();
}

}  // namespace
}  // namespace certspan
