#include "tests/host/journal/journal_fixture.hpp"

#include <sqlite3.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace certspan::testing {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "certspan-journal-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

void change_database(const std::filesystem::path& directory, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open((directory / "journal.db").c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(sqlite3_changes(handle) > 0);
  sqlite3_close(handle);
}

std::unique_ptr<Journal> opened(const std::filesystem::path& directory, const Clock& clock, bool read_only) {
  JournalOptions options;
  options.directory = directory;
  options.clock = &clock;
  options.read_only = read_only;
  auto journal = open_journal(options);
  if (!journal) FAIL(journal.error().code << ": " << journal.error().message);
  return std::move(*journal);
}

std::string opening_error(const std::filesystem::path& directory, bool read_only) {
  JournalOptions options;
  options.directory = directory;
  options.read_only = read_only;
  const auto journal = open_journal(options);
  return journal ? std::string() : journal.error().code;
}

std::string only_fault(const AuditVerifier::Verdict& verdict) {
  INFO((verdict.faults.size() > 1 ? verdict.faults[1] : ""));
  REQUIRE(verdict.faults.size() == 1);
  return verdict.faults.front();
}

}  // namespace certspan::testing
