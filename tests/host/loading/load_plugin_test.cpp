#include <elf.h>

#include <cstddef>
#include <cstring>

#include <catch2/catch.hpp>

#include "host/loading/plugin.hpp"
#include "tests/host/loading/loading_fixture.hpp"

namespace certspan {
namespace {

using Catch::Matchers::Contains;
using test::Installation;

Error refusal_of(const std::string& id, const Installation& installation) {
  const auto plugin = load_plugin(id, installation.search());
  REQUIRE_FALSE(plugin.has_value());
  return plugin.error();
}

TEST_CASE("a good plugin is loaded from its private copy and says who it is") {
  const Installation installation;
  installation.install("t.good");

  const auto plugin = load_plugin("t.good", installation.search());

  if (!plugin) FAIL(plugin.error().message);
  CHECK((*plugin)->id() == "t.good");
  CHECK((*plugin)->version() == "1.0.0");
  CHECK((*plugin)->origin() == std::filesystem::canonical(installation.path("t.good")));
  CHECK((*plugin)->path().parent_path().filename() == (*plugin)->sha256().substr(0, 12));
  REQUIRE((*plugin)->types().size() == 1);
  REQUIRE((*plugin)->find_type("ca") != nullptr);
  CHECK((*plugin)->find_type("cab") == nullptr);
  CHECK(interface_words(*(*plugin)->find_type("ca")) == std::vector<std::string_view>{"issuer"});
}

struct BadPlugin {
  const char* id;
  const char* code;
  const char* reason;      // what happened
  const char* what_to_do;  // and what a person can do about it
};

TEST_CASE("a bad plugin is refused with the reason and what to do") {
  const auto bad = GENERATE(values<BadPlugin>({
      {"t.no_note", "plugin.not_ours", "no certspan note", "certspan_add_plugin()"},
      {"t.no_symbol", "plugin.no_symbol", "does not export certspan_plugin_entry_v0", "define the entry"},
      {"t.two_symbols", "plugin.extra_symbols", "bad_shared_state", "version script"},
      {"t.other_build", "plugin.other_build", "built for contract 0.9 build 4711", "rebuild the plugin"},
      {"t.other_build_inside", "plugin.other_build", "0.9 build 4711", "rebuild the plugin"},
      {"t.wrong_name", "plugin.other_id", "the file is the plugin \"t.another\"", "name it t.another.so"},
      {"t.wrong_id", "plugin.bad_descriptor", "descriptor says id \"t.another\"", "vendor"},
      {"t.undefined_symbol", "plugin.undefined_symbol", "undefined symbol: vendor_helper_sign",
       "linked without"},
      {"t.missing_library", "plugin.missing_library", "libbad_helper.so", "install the package"},
      {"t.crashes", "plugin.crashed", "while its static constructors ran", "vendor"},
      {"t.crashes", "plugin.crashed", "it printed: \"about to read the licence", "vendor"},
      {"t.aborts", "plugin.crashed", "while its static constructors ran", "vendor"},
      {"t.exits", "plugin.crashed", "ended the process with exit code 0", "vendor"},
      {"t.throws", "plugin.threw", "\"no licence file\"", "vendor"},
      {"t.throws_int", "plugin.threw", "no std::exception", "vendor"},
      {"t.throws_in_thread", "plugin.threw", "\"watcher lost its file\"", "vendor"},
      {"t.bad_schema", "plugin.bad_descriptor", "schema that is no JSON object", "vendor"},
      {"t.no_stop", "plugin.bad_descriptor", "no function \"stop\"", "vendor"},
      {"t.any_interface", "plugin.bad_descriptor", "\"certspan.none/1\", which does not exist", "in full"},
      {"t.prefix_interface", "plugin.bad_descriptor", "\"certspan.role.issuer/10\"", "in full"},
      {"t.no_interface", "plugin.bad_descriptor", "has no role", "vendor"},
  }));
  CAPTURE(bad.id);
  const Installation installation;
  installation.install(bad.id);

  const Error error = refusal_of(bad.id, installation);

  CHECK(error.code == bad.code);
  CHECK_THAT(error.message, Contains(bad.reason) && Contains(bad.what_to_do));
  CHECK_THAT(error.message, Contains("plugin \"" + std::string(bad.id) + "\" (" +
                                     std::filesystem::canonical(installation.path(bad.id)).string()));
}

TEST_CASE("a plugin that never returns is killed and refused") {
  const char* const id = GENERATE("t.loops", "t.loops_in_entry");
  const Installation installation;
  installation.install(id);
  auto search = installation.search();
  search.probe_limit = std::chrono::milliseconds(300);

  const auto plugin = load_plugin(id, search);

  REQUIRE_FALSE(plugin.has_value());
  CHECK(plugin.error().code == "plugin.hung");
  CHECK_THAT(plugin.error().message, Contains("within 300 ms while its"));
}

}  // namespace
}  // namespace certspan
