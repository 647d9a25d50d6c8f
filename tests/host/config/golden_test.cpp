#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "host/config/check_types.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<fs::path> bad_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(CERTSPAN_GOLDEN_DIR)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// What `certspan check` would print for this file.
std::string report_on(const fs::path& file) {
  Faults faults(file.filename().string());
  if (const auto config = parse(contents(file), faults, {{"TOKEN", "from-the-environment"}})) {
    check_against_types(*config, FakeCatalog(), faults);
  }
  return faults.to_text();
}

// With CERTSPAN_UPDATE_GOLDEN set, the files are written anew instead: read the difference before you commit.
TEST_CASE("each bad file gets exactly the report that stands beside it") {
  const auto files = bad_files();
  REQUIRE(files.size() >= 8);
  for (const fs::path& file : files) {
    const fs::path expected = fs::path(file).replace_extension(".expected");
    const std::string report = report_on(file);
    if (std::getenv("CERTSPAN_UPDATE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << report;
    DYNAMIC_SECTION(file.filename().string()) {
      CHECK(report == contents(expected));
    }
  }
}

TEST_CASE("ten different faults are all told in one run, each at its place") {
  const fs::path file = fs::path(CERTSPAN_GOLDEN_DIR) / "ten_faults.yaml";
  const std::string text = contents(file);
  Faults faults("ten_faults.yaml");
  const auto config = parse(text, faults);
  REQUIRE(config);
  check_against_types(*config, FakeCatalog(), faults);

  const auto told = [&](FaultCode code, Mark mark) {
    const auto all = faults.sorted();
    return std::any_of(all.begin(), all.end(),
                       [&](const Fault& fault) { return fault.code == code && fault.mark == mark; });
  };
  CHECK(told(FaultCode::Unit, place_in(text, "30\n")));
  CHECK(told(FaultCode::WrongType, place_in(text, "yes\n")));
  CHECK(told(FaultCode::UnknownName, place_in(text, "wbe")));
  CHECK(told(FaultCode::UnknownKey, place_in(text, "pathh")));
  CHECK(told(FaultCode::SecretLiteral, place_in(text, "geheim-geheim")));
  CHECK(told(FaultCode::DuplicateKey, place_in(text, "wifi: { subject: from_request, validity: 30d")));
  CHECK(told(FaultCode::UnknownName, place_in(text, "pasword")));
  CHECK(told(FaultCode::UnknownName, place_in(text, "wify")));
  CHECK(told(FaultCode::BadValue, place_in(text, "0 }\n    reply")));
  CHECK(told(FaultCode::BadValue, place_in(text, "later }")));
}

TEST_CASE("no report repeats a secret that somebody wrote into the file") {
  for (const fs::path& file : bad_files()) {
    const std::string report = report_on(file);
    CHECK(report.find("geheim-geheim") == std::string::npos);
    CHECK(report.find("hunter2") == std::string::npos);
    CHECK(report.find("from-the-environment") == std::string::npos);
  }
}

}  // namespace
}  // namespace certspan::test
