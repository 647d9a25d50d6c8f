#include <algorithm>
#include <exception>
#include <iostream>
#include <random>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "host/base/text_file.hpp"
#include "sdk/tools/plugin_check/report.hpp"
#include "sdk/tools/plugin_check/runner.hpp"

namespace {

using namespace certspan::check;

/// Exit codes; docs/plugin-check.md.
constexpr int kAllPassed = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

/// Far above any plugin.
constexpr std::size_t kLargestFile = 512UL * 1024 * 1024;

struct Arguments {
  std::string file;
  std::string previous;
  std::string settings;
  std::vector<std::string> only;
  bool list = false;
  bool json = false;
  bool junit = false;
  bool in_process = false;
  bool thorough = false;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  unsigned limit_ms = 10'000;
  std::uint64_t seed = std::random_device{}();
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("FILE", arguments.file, "the plugin's .so");
  app.add_flag("--json", arguments.json, "print one JSON object");
  app.add_flag("--junit", arguments.junit, "print JUnit XML")->excludes("--json");
  app.add_option("--only", arguments.only, "run this check and what it needs; may be repeated");
  app.add_flag("--list", arguments.list, "list the checks and end");
  app.add_option("--seed,--reproduce", arguments.seed, "seed of the random checks, as a report names it");
  app.add_option("--settings", arguments.settings,
                 "settings, secrets and scripted CA of each type; default: FILE with .check.json for .so");
  app.add_option("--previous", arguments.previous, "the release before, to be loaded beside this one");
  app.add_flag("--thorough", arguments.thorough, "many more rounds; takes minutes");
  app.add_flag("--in-process", arguments.in_process, "run everything in this process, for a debugger");
  app.add_option("--jobs", arguments.jobs, "checks that run at once")->check(CLI::Range(1, 256));
  app.add_option("--limit", arguments.limit_ms, "milliseconds that a check may take")
      ->check(CLI::Range(100, 3'600'000));
  app.footer("Exit code: 0 nothing failed, 1 a check failed, 2 usage, or a file that can't be read.");
}

int list_checks() {
  for (const Check& check : all_checks()) {
    std::cout << fmt::format("{:<28} {:<10} {}\n", check.id, to_string(check.stage), check.title);
  }
  return kAllPassed;
}

int complain(const std::string& message) {
  std::cerr << "certspan-plugin-check: " << message << "\n";
  return kUsage;
}

int check_plugin(const Arguments& arguments) {
  Subject subject{.path = std::filesystem::absolute(arguments.file),
                  .bytes = {},
                  .seed = arguments.seed,
                  .thorough = arguments.thorough};
  std::error_code why;
  const auto size = std::filesystem::file_size(subject.path, why);
  if (why) return complain(arguments.file + " can't be read: " + why.message());
  if (size > kLargestFile) return complain(arguments.file + " is larger than any plugin");
  auto bytes = certspan::read_text_file(subject.path, size + 1);
  if (!bytes) return complain(bytes.error().message);
  subject.bytes = certspan::copy_of(certspan::as_bytes(*bytes));
  if (!arguments.previous.empty()) subject.previous = std::filesystem::absolute(arguments.previous);
  if (subject.previous && !std::filesystem::is_regular_file(*subject.previous)) {
    return complain("there is no file " + subject.previous->string());
  }
  auto beside = subject.path;
  beside.replace_extension(".check.json");
  if (!arguments.settings.empty()) {
    subject.settings = std::filesystem::absolute(arguments.settings);
  } else if (std::filesystem::is_regular_file(beside)) {
    subject.settings = beside;
  }
  const auto outcomes = run_checks(subject, {.only = arguments.only,
                                             .in_process = arguments.in_process,
                                             .jobs = arguments.in_process ? 1 : arguments.jobs,
                                             .limit = std::chrono::milliseconds(arguments.limit_ms)});
  std::cout << (arguments.json    ? json_report(subject, outcomes)
                : arguments.junit ? junit_report(subject, outcomes)
                                  : human_report(subject, outcomes));
  return any_failed(outcomes) ? kFailed : kAllPassed;
}

int run(int argc, char** argv) {
  CLI::App app("Checks a plugin against the contract of the Certspan SDK.", "certspan-plugin-check");
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAllPassed : kUsage;
  }
  if (arguments.list) return list_checks();
  if (arguments.file.empty()) return complain("which plugin? give the path of its .so");
  for (const std::string& id : arguments.only) {
    if (find_check(id) == nullptr) return complain("there is no check \"" + id + "\"; --list names them");
  }
  return check_plugin(arguments);
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
  std::cerr << "certspan-plugin-check: " << error.what() << "\n";
  return kUsage;
}
