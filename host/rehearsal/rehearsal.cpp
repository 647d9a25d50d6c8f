#include "host/rehearsal/rehearsal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>

#include <fmt/format.h>

#include "host/config/units.hpp"
#include "host/rehearsal/life.hpp"
#include "host/rehearsal/script.hpp"

namespace certspan {
namespace {

using std::chrono::milliseconds;

/// Each life but the last is ended by a scripted answer; this is for a host that never gets that far.
constexpr unsigned kMostLives = 1000;
constexpr unsigned kRealSecondsPerLife = 300;
constexpr milliseconds kAfterDeadline = std::chrono::hours(24);

tl::unexpected<Error> cannot(const char* what) {
  return fail(Outcome::Unavailable, "rehearsal.start",
              fmt::format("can't make {}: {}", what, std::strerror(errno)));
}

class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> make() {
    std::error_code error;
    std::string pattern = (std::filesystem::temp_directory_path(error) / "certspan-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return cannot("a temporary directory");
    return TemporaryDirectory(pattern);
  }
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

milliseconds limit_of(const Config& config, const TestConfig& test) {
  if (test.expect.within) return *test.expect.within;
  milliseconds longest{0};
  for (const PipelineConfig& pipeline : config.pipelines) longest = std::max(longest, pipeline.deadline);
  return longest + kAfterDeadline;
}

/// Everything that comes through the pipe until its other end is closed.
std::string read_all(int pipe) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

struct LifeEnd {
  std::string lines;
  int status = 0;  ///< as waitpid gives it
};

Result<LifeEnd> run_life(LifePlan plan) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return cannot("a pipe");
  std::cout.flush();
  std::cerr.flush();
  const pid_t child = ::fork();
  if (child < 0) return cannot("a process");
  if (child == 0) {
    ::close(ends[0]);
    ::alarm(kRealSecondsPerLife);
    plan.events = ends[1];
    const int code = live(plan);
    std::cerr.flush();
    ::_exit(code);
  }
  ::close(ends[1]);
  LifeEnd end;
  end.lines = read_all(ends[0]);
  ::close(ends[0]);
  while (::waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
  }
  return end;
}

/// The lines of one life, put behind those of the lives before.
Result<void> append(const std::string& lines, TestReport& report, Script& script) {
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t newline = std::min(lines.find('\n', begin), lines.size());
    CERTSPAN_TRY(Event event, Event::from_line(lines.substr(begin, newline - begin)));
    if (const auto* call = std::get_if<CallEvent>(&event.what); call != nullptr && call->answer) {
      script.use(call->connector, *call->answer);
    }
    report.events.push_back(std::move(event));
    begin = newline + 1;
  }
  return {};
}

bool died_as_scripted(const TestReport& report, int status) {
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || report.events.empty()) return false;
  const auto* last = std::get_if<CallEvent>(&report.events.back().what);
  return last != nullptr && !last->outcome;
}

milliseconds end_of(const Event& event) {
  const auto* call = std::get_if<CallEvent>(&event.what);
  return event.at + (call == nullptr ? milliseconds(0) : call->took);
}

// --- the verdict

std::vector<std::string> calls_of(const TestReport& report) {
  std::vector<std::string> calls;
  for (const Event& event : report.events) {
    const auto* call = std::get_if<CallEvent>(&event.what);
    if (call != nullptr && !call->call.starts_with("check_")) {
      calls.push_back(call->call + " " + call->connector);
    }
  }
  return calls;
}

void judge_word(std::string_view what, const std::string& expected, const std::string& is,
                TestReport& report) {
  if (expected.empty() || expected == is) return;
  report.complaints.push_back(fmt::format("{} is {}, not {}", what, is.empty() ? "none" : is, expected));
}

void judge_calls(const std::vector<Named>& expected, TestReport& report) {
  const std::vector<std::string> calls = calls_of(report);
  for (std::size_t i = 0; i < std::max(expected.size(), calls.size()); ++i) {
    const std::string wanted = i < expected.size() ? expected[i].name : "no more";
    const std::string was = i < calls.size() ? calls[i] : "no more";
    if (wanted == was) continue;
    report.complaints.push_back(fmt::format("call {} is \"{}\", not \"{}\"", i + 1, was, wanted));
    return;
  }
}

void judge(const ExpectConfig& expect, TestReport& report) {
  const EndEvent* found = report.end();
  if (found == nullptr) {
    report.complaints.emplace_back("the host ended by itself; that is a fault of certspan, not of this test");
    return;
  }
  const EndEvent end = *found;
  const std::string state =
      expect.within ? fmt::format("the state after {}", format_duration(*expect.within)) : "the state";
  judge_word(state, expect.state, end.state, report);
  judge_word("the issuer", expect.issuer.name, end.issuer, report);
  judge_word("the pipeline", expect.pipeline.name, end.pipeline, report);
  judge_word("the code", expect.code, end.code, report);
  if (expect.calls) judge_calls(*expect.calls, report);
}

}  // namespace

const EndEvent* TestReport::end() const {
  return events.empty() ? nullptr : std::get_if<EndEvent>(&events.back().what);
}

Result<TestReport> rehearse(const Config& config, const TestConfig& test, const Cast& cast) {
  CERTSPAN_TRY(const TemporaryDirectory directory, TemporaryDirectory::make());
  Script script(test);
  const LifePlan first{config,
                       test,
                       cast,
                       script,
                       directory.path(),
                       ManualClock::of(SystemClock()),
                       {},
                       limit_of(config, test)};
  TestReport report;
  report.name = test.name.name;
  for (unsigned lives = 0; lives < kMostLives; ++lives) {
    LifePlan plan = first;
    if (!report.events.empty()) plan.offset = end_of(report.events.back());
    CERTSPAN_TRY(const LifeEnd end, run_life(plan));
    CERTSPAN_CHECK(append(end.lines, report, script));
    if (!died_as_scripted(report, end.status)) break;
  }
  judge(test.expect, report);
  report.unused = script.unused();
  return report;
}

}  // namespace certspan
