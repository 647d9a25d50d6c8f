#include "host/loading/swap/version_book.hpp"

#include <sys/stat.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/host/loading/loading_fixture.hpp"

namespace certspan::test {
namespace {

constexpr const char* kId = "com.acme.ca";
const PluginVersion kOld = {std::string(64, 'a'), "1.0.0", "/copies/a/com.acme.ca.so", true, 1};
const PluginVersion kNew = {std::string(64, 'b'), "1.1.0", "/copies/b/com.acme.ca.so", false, 1};

/// A host's book in a directory of its own; reopened, as by the next host, with `again`.
class BookFixture {
 public:
  VersionBook again() const {
    auto book = VersionBook::open(installation_.root());
    REQUIRE(book.has_value());
    return std::move(*book);
  }
  const std::filesystem::path& folder() const { return installation_.root(); }
  std::filesystem::path file() const { return installation_.root() / "versions.json"; }

  VersionBook on_trial() const {
    VersionBook book = again();
    REQUIRE(book.begin_trial(kId, {kOld, kNew, 1000, false}, kOld.sha256));
    return book;
  }

 private:
  Installation installation_;
};

SwapEvent event(SwapEvent::Kind kind) {
  return {kind, 2000, kOld.version, kNew.version, kNew.sha256, "because"};
}

TEST_CASE_METHOD(BookFixture,
                 "a host that was never swapped has no book and loads what stands in its directories") {
  CHECK(again().plugins().empty());
  CHECK(again().instead_of(kId, kOld.sha256) == nullptr);
}

TEST_CASE_METHOD(BookFixture, "during a trial a host that starts loads the version before") {
  const VersionBook book = on_trial();
  CHECK(book.instead_of(kId, kOld.sha256) == nullptr);  // it is what the directory holds
  // The new file was put into the directory itself.
  VersionBook there = again();
  REQUIRE(there.begin_trial(kId, {kOld, kNew, 1000, false}, kNew.sha256));
  const VersionBook next = again();
  REQUIRE(next.instead_of(kId, kNew.sha256) != nullptr);
  CHECK(*next.instead_of(kId, kNew.sha256) == kOld);
}

TEST_CASE_METHOD(BookFixture, "a committed version is loaded until another file comes into the directory") {
  VersionBook book = on_trial();
  REQUIRE(book.commit(kId, event(SwapEvent::Kind::Committed)));
  const VersionBook next = again();
  REQUIRE(next.instead_of(kId, kOld.sha256) != nullptr);
  CHECK(*next.instead_of(kId, kOld.sha256) == kNew);
  CHECK(*next.instead_of(kId, "") == kNew);  // the directory's file is gone
  CHECK(next.instead_of(kId, std::string(64, 'c')) == nullptr);
  CHECK(next.find(kId)->previous == kOld);
  CHECK(next.shipped() == std::vector<std::string>{kOld.sha256});
  CHECK(next.copies() == std::vector<std::filesystem::path>{kNew.copy, kOld.copy});
}

TEST_CASE_METHOD(BookFixture, "a version that is taken back is quarantined only if that is said") {
  VersionBook book = on_trial();
  REQUIRE(book.take_back(kId, event(SwapEvent::Kind::RolledBack), false));
  CHECK(again().quarantine().empty());
  book = on_trial();
  REQUIRE(book.take_back(kId, event(SwapEvent::Kind::RolledBack), true));
  REQUIRE(again().quarantine().contains(kNew.sha256));
  CHECK(again().quarantine().at(kNew.sha256).reason == "because");
  book = again();
  CHECK(*book.release(kNew.sha256, 3000));
  CHECK_FALSE(*book.release(kNew.sha256, 3000));
  CHECK(again().quarantine().empty());
  CHECK(again().find(kId)->history.back().kind == SwapEvent::Kind::Released);
}

TEST_CASE_METHOD(BookFixture, "one unclean end may be a power cut, the second counts against the version") {
  for (const bool second : {false, true}) {
    on_trial();
    VersionBook next = again();
    const auto ended = next.recover(5000);
    REQUIRE((ended.has_value() && ended->size() == 1));
    CHECK(ended->front().second.kind == SwapEvent::Kind::Recovered);
    CHECK(again().quarantine().contains(kNew.sha256) == second);
    CHECK_FALSE(again().find(kId)->trial.has_value());
  }
}

TEST_CASE_METHOD(BookFixture, "a host that is stopped during a trial holds nothing against the version") {
  for (int stops = 0; stops < 3; ++stops) {
    VersionBook book = on_trial();
    REQUIRE(book.note_stop());
    VersionBook next = again();
    REQUIRE(next.recover(5000).has_value());
  }
  CHECK(again().quarantine().empty());
  CHECK(again().instead_of(kId, kOld.sha256) == nullptr);
}

TEST_CASE_METHOD(BookFixture, "a change that can't be written is none") {
  VersionBook book = on_trial();
  std::filesystem::create_directory(file().string() + ".new");  // where the next one is written to
  const auto committed = book.commit(kId, event(SwapEvent::Kind::Committed));
  REQUIRE_FALSE(committed.has_value());
  CHECK(committed.error().code == "plugin.version_book");
  CHECK(book.find(kId)->trial.has_value());
  CHECK(again().find(kId)->trial.has_value());
}

TEST_CASE_METHOD(BookFixture, "the history keeps the newest") {
  VersionBook book = on_trial();
  for (int i = 0; i < 60; ++i) {
    SwapEvent one = event(SwapEvent::Kind::Swapped);
    one.at = i;
    REQUIRE(book.remember(kId, one));
  }
  const auto history = again().find(kId)->history;
  CHECK(history.size() == VersionBook::kHistory);
  CHECK(history.back().at == 59);
}

TEST_CASE_METHOD(BookFixture, "a damaged book is refused and says what to do") {
  on_trial();
  std::ifstream in(file());
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t size = 0; size + 2 < good.size(); size += 11) {
    CAPTURE(size);
    CHECK_FALSE(read_version_book(std::string_view(good).substr(0, size)).has_value());
  }
  std::ofstream(file()) << "{\"format\": 2}";
  const auto book = VersionBook::open(folder());
  REQUIRE_FALSE(book.has_value());
  CHECK(book.error().message.find("it is of a later host") != std::string::npos);
  CHECK(book.error().message.find("remove it to start with the files of `plugins: dirs:`") !=
        std::string::npos);
}

}  // namespace
}  // namespace certspan::test
