// `certspan test`: the tests of a configuration, without any of its CAs.

#include <algorithm>
#include <iostream>
#include <optional>

#include "host/app/commands.hpp"
#include "host/app/deployment.hpp"
#include "host/app/scratch_directory.hpp"
#include "host/config/load_config.hpp"
#include "host/config/suggest.hpp"
#include "host/rehearsal/rehearsal.hpp"
#include "host/rehearsal/story.hpp"

namespace certspan {
namespace {

struct Loaded {
  Config config;
  Cast cast;
};

/// Neither secrets nor files of the settings are looked at: a test needs the plugins' types and no more, so
/// that it runs where the service does not.
std::optional<Loaded> set_up(const CommonOptions& options, Faults& faults) {
  auto config = load_config(options.config, faults);
  if (!config) return std::nullopt;
  const ScratchDirectory scratch;
  const auto catalog = PluginCatalog::load(*config, scratch.path() / "plugins", faults);
  if (!catalog) {
    faults.error(FaultCode::DataDir, {}, catalog.error().message);
    return std::nullopt;
  }
  const PreparedConfig prepared = check_against_types(*config, **catalog, faults);
  Cast cast = cast_of(prepared, **catalog);
  check_scripts(*config, cast, faults);
  if (faults.has_errors()) return std::nullopt;
  return Loaded{std::move(*config), std::move(cast)};
}

/// The named tests, or all of them.
Result<std::vector<const TestConfig*>> chosen(const Config& config, const std::vector<std::string>& names) {
  std::vector<const TestConfig*> tests;
  std::vector<std::string> known;
  for (const TestConfig& test : config.tests) {
    known.push_back(test.name.name);
    if (names.empty() || std::ranges::find(names, test.name.name) != names.end()) tests.push_back(&test);
  }
  if (tests.empty() && names.empty()) {
    return fail(
        Outcome::Rejected, "rehearsal.none",
        "\"" + config.file.string() + "\" has no \"tests:\"; docs/configuration.md says how to write some");
  }
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string hint = did_you_mean(name, known);
    return fail(
        Outcome::Rejected, "rehearsal.unknown",
        "there is no test \"" + name + "\"; " + (hint.empty() ? "there are: " + listing(known) : hint));
  }
  return tests;
}

}  // namespace

ExitCode command_test(const CommonOptions& options, const std::vector<std::string>& names) {
  Faults faults(options.config.string());
  const auto loaded = set_up(options, faults);
  if (!loaded) {
    std::cerr << faults.to_text();
    return ExitCode::BadConfig;
  }
  const auto tests = chosen(loaded->config, names);
  if (!tests) return complain(tests.error());
  nlohmann::json list = nlohmann::json::array();
  std::size_t failed = 0;
  for (const TestConfig* test : *tests) {
    const auto report = rehearse(loaded->config, *test, loaded->cast);
    if (!report) return complain(report.error());
    if (!report->ok()) ++failed;
    if (options.json) {
      list.push_back(story_json(*report));
    } else {
      std::cout << story_text(*report);
    }
  }
  if (options.json) {
    print_json({{"tests", std::move(list)}, {"failed", failed}});
  } else {
    std::cout << tests->size() << (tests->size() == 1 ? " test, " : " tests, ") << failed << " failed\n";
  }
  return failed == 0 ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace certspan
