#include <elf.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include <catch2/catch.hpp>

#include "host/loading/connector.hpp"
#include "host/loading/plugin.hpp"
#include "host/loading/plugin_file.hpp"
#include "tests/host/loading/loading_fixture.hpp"
#include "tests/host/loading/trust/trust_keys.hpp"

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
  search.probe_limit = std::chrono::milliseconds(1000);

  const auto plugin = load_plugin(id, search);

  REQUIRE_FALSE(plugin.has_value());
  CHECK(plugin.error().code == "plugin.hung");
  CHECK_THAT(plugin.error().message, Contains("within 1000 ms while"));
}

/// The test plugins answer `issue` with their version as code.
std::string version_that_answers(const std::shared_ptr<const Plugin>& plugin) {
  Connector connector("ca", plugin, *plugin->find_type("ca"));
  REQUIRE(connector.create(nullptr, "{}").ok());
  REQUIRE(connector.start().ok());
  return connector.issue(WorkItem{}, {}).code;
}

TEST_CASE("two versions of a plugin live side by side, each with its own code") {
  const Installation installation;
  installation.install("t.good");
  const auto first = load_plugin("t.good", installation.search());
  REQUIRE(first.has_value());
  installation.install("t.good", test::read_file(test::built_plugin("v2/t.good")));
  const auto second = load_plugin("t.good", installation.search());
  if (!second) FAIL(second.error().message);

  CHECK((*first)->version() == "1.0.0");
  CHECK((*second)->version() == "2.0.0");
  CHECK((*first)->path() != (*second)->path());
  CHECK(version_that_answers(*first) == "1.0.0");
  CHECK(version_that_answers(*second) == "2.0.0");
}

TEST_CASE("what happens to the admin's file after the load has no effect") {
  const Installation installation;
  installation.install("t.good");
  const auto plugin = load_plugin("t.good", installation.search());
  REQUIRE(plugin.has_value());
  SECTION("overwritten in place") {
    test::write_file(installation.path("t.good"), test::read_file(test::built_plugin("v2/t.good")));
  }
  SECTION("truncated in place") {
    REQUIRE(::truncate(installation.path("t.good").c_str(), 0) == 0);
  }
  SECTION("removed") {
    std::filesystem::remove(installation.path("t.good"));
  }
  CHECK(version_that_answers(*plugin) == "1.0.0");
}

TEST_CASE("a plugin is mapped once however often it is loaded, and stays when nobody holds it") {
  const Installation installation;
  installation.install("t.good");
  auto first = load_plugin("t.good", installation.search());
  REQUIRE(first.has_value());
  const certspan_connector_type* type = (*first)->find_type("ca");
  first->reset();
  CHECK(type->name == std::string("ca"));
  const auto again = load_plugin("t.good", installation.search());
  REQUIRE(again.has_value());
  CHECK((*again)->find_type("ca") == type);
}

TEST_CASE("a file that is no plugin for this machine is refused before anything runs") {
  const Bytes good = test::read_file(test::built_plugin("t.good"));
  const Installation installation;
  auto search = installation.search();
  search.probe_program = "/nonexistent";  // a probe would fail with another code
  const auto code_of = [&](const Bytes& file) {
    installation.install("t.good", file);
    const auto plugin = load_plugin("t.good", search);
    return plugin ? "ok" : plugin.error().code;
  };
  Bytes foreign = good;
  foreign[offsetof(Elf64_Ehdr, e_machine)] = EM_S390;
  CHECK(code_of(foreign) == "plugin.wrong_machine");
  CHECK(code_of(Bytes(good.begin(), good.begin() + 5000)) == "plugin.truncated");
  CHECK(code_of(copy_of(as_bytes("<html>404 Not Found</html>"))) == "plugin.not_elf");
  CHECK(code_of({}) == "plugin.not_elf");
  CHECK(code_of(good) == "plugin.probe_failed");
}

TEST_CASE("a refusal on permissions names the file and the repair, and leaves no private copy") {
  const Installation installation;
  installation.install("t.good");
  std::filesystem::permissions(installation.path("t.good"), std::filesystem::perms(0664));
  const Error error = refusal_of("t.good", installation);
  CHECK(error.code == "plugin.unsafe_permissions");
  CHECK_THAT(error.message, Contains("chmod go-w") && Contains("t.good.so"));
  CHECK_FALSE(std::filesystem::exists(installation.search().private_dir));
}

TEST_CASE("a pin admits its file, in either case of letters, and no other") {
  const Installation installation;
  installation.install("t.good");
  auto search = installation.search();
  const auto plugin = load_plugin("t.good", search);
  REQUIRE(plugin.has_value());
  std::string pin = (*plugin)->sha256();
  search.trust.pins["t.good"] = pin;
  CHECK(load_plugin("t.good", search).has_value());
  for (char& c : pin) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  search.trust.pins["t.good"] = pin;
  CHECK(load_plugin("t.good", search).has_value());

  installation.install("t.good", test::read_file(test::built_plugin("v2/t.good")));
  const auto other = load_plugin("t.good", search);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == "plugin.pin_mismatch");
  CHECK_THAT(other.error().message, Contains(pin) && Contains("change the pin"));
  search.trust.pins["t.good"] = "";
  CHECK(load_plugin("t.good", search).error().code == "plugin.pin_mismatch");
}

/// A vendor whose key is listed for `ids`.
struct Vendor {
  explicit Vendor(std::vector<std::string> ids) {
    auto key = PluginPublicKey::from_pem(pair.public_pem());
    REQUIRE(key);
    trust.signers.push_back({"vendor", std::move(*key), std::move(ids)});
  }

  void sign(const std::filesystem::path& plugin) const {
    const auto key = PluginPrivateKey::from_pem(Secret(copy_of(as_bytes(pair.private_pem()))), nullptr);
    REQUIRE(key);
    const auto signature = key->sign(sha256_hex(test::read_file(plugin)));
    test::write_file(signature_path(plugin), as_bytes(signature_text(*signature)));
  }

  test::KeyPair pair{"ED25519"};
  PluginTrust trust;
};

TEST_CASE("a signed plugin is loaded and says by whom it is signed; another file under its name is not") {
  Vendor vendor({"t.good"});
  const Installation installation;
  installation.install("t.good");
  auto search = installation.search();
  search.trust = std::move(vendor.trust);
  const auto unsigned_yet = load_plugin("t.good", search);
  REQUIRE_FALSE(unsigned_yet.has_value());
  CHECK(unsigned_yet.error().code == "plugin.unsigned");

  vendor.sign(installation.path("t.good"));
  const auto plugin = load_plugin("t.good", search);
  if (!plugin) FAIL(plugin.error().message);
  CHECK((*plugin)->trust() == TrustGround{TrustGround::Kind::Signed, "vendor"});

  installation.install("t.good", test::read_file(test::built_plugin("v2/t.good")));
  const auto swapped = load_plugin("t.good", search);
  REQUIRE_FALSE(swapped.has_value());
  CHECK(swapped.error().code == "plugin.wrong_signature");
}

TEST_CASE("a vendor's signature on a plugin of somebody else is refused before its code runs") {
  Vendor vendor({"com.acme.*"});
  const Installation installation;
  installation.install("t.crashes");
  vendor.sign(installation.path("t.crashes"));
  auto search = installation.search();
  search.trust = std::move(vendor.trust);
  const auto plugin = load_plugin("t.crashes", search);
  REQUIRE_FALSE(plugin.has_value());
  CHECK(plugin.error().code == "plugin.signer_not_allowed");
}

TEST_CASE("a file that is not trusted is not even parsed") {
  const Installation installation;
  installation.install("t.good", as_bytes("no ELF file at all"));
  auto search = installation.search();
  search.trust.danger_allow_unsigned = false;
  CHECK(load_plugin("t.good", search).error().code == "plugin.unsigned");
  search.trust.danger_allow_unsigned = true;
  CHECK(load_plugin("t.good", search).error().code == "plugin.not_elf");
}

TEST_CASE("a signature file that is a link, no file, or endless is refused") {
  const Installation installation;
  installation.install("t.good");
  const auto signature = signature_path(installation.path("t.good"));
  const auto search = installation.search();
  SECTION("link") {
    std::filesystem::create_symlink("/etc/hostname", signature);
    const Error error = load_plugin("t.good", search).error();
    CHECK(error.code == "plugin.unsafe_permissions");
    CHECK_THAT(error.message, Contains("t.good.so.sig is a symbolic link"));
  }
  SECTION("directory") {
    std::filesystem::create_directory(signature);
    CHECK(load_plugin("t.good", search).error().code == "plugin.unsafe_permissions");
  }
  SECTION("endless") {
    test::write_file(signature, as_bytes(std::string(100'000, 'a')));
    const Error error = load_plugin("t.good", search).error();
    CHECK(error.code == "plugin.bad_signature");
    CHECK_THAT(error.message, Contains("larger than one can be"));
  }
}

TEST_CASE("a program that does not know the probe is not taken for a verdict") {
  const Installation installation;
  installation.install("t.good");
  auto search = installation.search();
  search.probe_program = GENERATE("/bin/true", "/bin/false", "/nonexistent/certspan");
  const auto plugin = load_plugin("t.good", search);
  REQUIRE_FALSE(plugin.has_value());
  CHECK(plugin.error().code == "plugin.probe_failed");
}

}  // namespace
}  // namespace certspan
