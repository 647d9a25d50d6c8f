#include "host/rehearsal/life.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/base/log.hpp"
#include "host/journal/journal.hpp"
#include "host/pipeline/engine.hpp"
#include "host/rehearsal/event.hpp"
#include "host/rehearsal/scripted_connector.hpp"
#include "host/services/abi_views.hpp"

namespace certspan {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{30};  // of real time, for something to happen
constexpr std::chrono::microseconds kGlance{100};
constexpr unsigned kTryLater = 503;
constexpr std::size_t kOwnQueue = 64;

/// Every pause as long as it can be: what ends in time here ends in time.
double longest() {
  return 1.0;
}

/// Its request is its key: one test, one item.
ItemKey key_of(const TestConfig& test) {
  ItemKey key{};
  std::copy_n(test.name.name.begin(), std::min(test.name.name.size(), key.size()), key.begin());
  return key;
}

class LivingHost final : public Stage {
 public:
  explicit LivingHost(const LifePlan& plan) : plan_(plan), clock_(plan.start, plan.offset) {}

  Result<void> begin();
  /// False: the host does not come to rest.
  bool go_on();
  void end();

  void play(std::string_view connector, std::string_view call, const certspan_answer_sink& sink) override;
  void submit(std::string_view connector, certspan_http_exchange& exchange) override;
  void tell(const certspan_reply& reply, certspan_http_exchange& exchange) override;

 private:
  void send();
  void pass(milliseconds by);
  bool move_to(std::chrono::steady_clock::time_point when);
  std::optional<WorkItem> item();
  void report(milliseconds at, const decltype(Event::what)& what);

  const LifePlan& plan_;
  ManualClock clock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Journal> journal_;
  std::vector<std::unique_ptr<ScriptedConnector>> cast_;
  std::shared_ptr<RunningConfig> running_;  // shared with the engine
  std::unique_ptr<Engine> engine_;
  std::atomic<bool> told_{false};
  std::atomic<bool> over_{false};  ///< what a stop brings about is not part of the story
  milliseconds sweep_at_{0};       ///< when the device is told to come again, by then at the latest
};

Result<void> LivingHost::begin() {
  CERTSPAN_TRY(
      log_,
      Log::open({.level = LogLevel::Error, .format = LogFormat::Text, .file = plan_.directory / "host.log"}));
  CERTSPAN_TRY(journal_, open_journal({.directory = plan_.directory / "data", .clock = &clock_}));
  Engine::Options options;
  options.intake.repeat_window = plan_.config.host.repeat_window;
  options.random = &longest;
  engine_ = std::make_unique<Engine>(
      options, Engine::Backends{*log_, clock_, *journal_, [] { ::kill(::getpid(), SIGABRT); }});
  running_ = std::make_shared<RunningConfig>();
  running_->graph = graph_of(plan_.config);
  for (const auto& [name, player] : plan_.cast) {
    cast_.push_back(std::make_unique<ScriptedConnector>(name, player, *this));
    Station station;
    station.connector = cast_.back()->connector();
    if (player.runs_waits) {
      station.own_pool = std::make_shared<WorkerPool>(name, player.concurrency, kOwnQueue);
    }
    running_->connectors.put(std::move(station));
    const CallReport report = cast_.back()->start();
    if (!report.ok())
      return fail(report.outcome, "rehearsal.start", "connector \"" + name + "\" can't start");
  }
  CERTSPAN_CHECK(engine_->start(running_));
  send();
  return {};
}

/// The device asks; after a restart it asks again, as devices do.
void LivingHost::send() {
  const Pipeline* pipeline =
      running_->graph.match(plan_.test.source.name, plan_.test.message, plan_.test.labels);
  const milliseconds within = pipeline == nullptr ? ReplyRule{}.within : pipeline->reply.within;
  sweep_at_ = clock_.offset() + within + Engine::kSweepEvery;
  auto exchange = std::make_shared<HttpExchange>([this](const HttpResponse& response) {
    const std::string said(as_text(response.body));
    report(clock_.offset(), ToldEvent{response.status == kTryLater ? "try later" : said});
    told_ = true;
  });
  HttpRequest request;
  request.method = "POST";
  engine_->take_request(plan_.test.source.name, std::move(request), exchange);
}

bool LivingHost::go_on() {
  auto patience = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < patience) {
    const Engine::Rest rest = engine_->rest();
    if (rest.open == 0 && told_) return true;
    if (rest.open > 0 && rest.at_rest) {
      if (rest.next && *rest.next > clock_.now()) {
        if (!move_to(*rest.next)) return true;
        patience = std::chrono::steady_clock::now() + kPatience;
        continue;
      }
      const auto now = item();
      if (now && now->state == ItemState::Held) {
        // A person may take long: the device hears "try later" first.
        if (!told_) pass(std::max(milliseconds(0), std::min(sweep_at_, plan_.limit) - clock_.offset()));
        return true;
      }
    }
    std::this_thread::sleep_for(kGlance);
  }
  return false;
}

/// False: that is beyond the limit, which has been reached.
bool LivingHost::move_to(std::chrono::steady_clock::time_point when) {
  const milliseconds left = std::chrono::ceil<milliseconds>(when - clock_.now());
  const milliseconds allowed = plan_.limit - clock_.offset();
  pass(std::min(left, allowed));
  return left <= allowed;
}

/// Lets fake time pass while nobody works, or inside a call. Stops where the device is told to come again.
void LivingHost::pass(milliseconds by) {
  const milliseconds target = clock_.offset() + by;
  if (!told_ && sweep_at_ > clock_.offset() && sweep_at_ <= target) {
    clock_.move(sweep_at_ - clock_.offset());
    engine_->clock_moved();
    const auto patience = std::chrono::steady_clock::now() + kPatience;
    while (!told_ && std::chrono::steady_clock::now() < patience) std::this_thread::sleep_for(kGlance);
  }
  clock_.move(target - clock_.offset());
  engine_->clock_moved();
}

std::optional<WorkItem> LivingHost::item() {
  auto found = journal_->find_by_key(key_of(plan_.test));
  return found ? std::move(*found) : std::nullopt;
}

void LivingHost::end() {
  EndEvent end;
  const auto now = item();
  if (now) {
    end = {std::string(to_string(now->state)), now->code, now->reason, now->issuer, now->pipeline};
  } else {
    const bool open = engine_->rest().open > 0;
    end.state = open ? "ready" : "refused";
    const Pipeline* pipeline =
        running_->graph.match(plan_.test.source.name, plan_.test.message, plan_.test.labels);
    if (pipeline != nullptr) end.pipeline = pipeline->name;
    if (pipeline == nullptr) end.code = "pipeline.no_match";
  }
  report(clock_.offset(), end);
  over_ = true;
  engine_->stop();
  for (const auto& [name, station] : running_->connectors.all()) {
    if (station.own_pool) station.own_pool->stop();
  }
}

void LivingHost::report(milliseconds at, const decltype(Event::what)& what) {
  if (over_) return;
  const std::string line = Event{at, what}.to_line();
  // Short lines: one write, which the kernel does not split.
  if (::write(plan_.events, line.data(), line.size()) < 0) ::kill(::getpid(), SIGABRT);
}

void LivingHost::play(std::string_view connector, std::string_view call, const certspan_answer_sink& sink) {
  static const AnswerConfig kOk = {.mark = {}, .call = {}, .outcome = Outcome::Ok, .code = {}};
  static const AnswerConfig kTakenBack = {.mark = {}, .call = {}, .outcome = Outcome::Cancelled, .code = {}};
  const auto line = plan_.script.next(connector, call);
  const AnswerConfig& answer = line ? *line->answer : call == "cancel" ? kTakenBack : kOk;
  const milliseconds at = clock_.offset();
  if (answer.takes.count() > 0) pass(answer.takes);
  CallEvent event{std::string(call), std::string(connector), answer.outcome,
                  answer.code,       answer.takes,           std::nullopt};
  if (line) event.answer = line->index;
  const bool good = answer.outcome == Outcome::Ok || answer.outcome == Outcome::Pending;
  if (answer.outcome && !good && event.code.empty()) {
    event.code = "test." + std::string(to_string(*answer.outcome));
  }
  report(at, event);
  if (!answer.outcome) ::kill(::getpid(), SIGKILL);

  const std::string certificate = "certificate of " + std::string(connector);
  const std::string handle = "order at " + std::string(connector);
  const bool issues = call != "validate" && call != "deliver" && !call.starts_with("check_");
  certspan_answer given{};
  given.struct_size = sizeof(given);
  given.outcome = static_cast<certspan_outcome>(answer.outcome.value_or(Outcome::Internal));
  given.retry_after_ms = static_cast<std::uint32_t>(answer.retry_after.count());
  given.code = to_abi(event.code);
  given.message = to_abi(good ? std::string_view() : "as the test says");
  if (issues && answer.outcome == Outcome::Ok) given.certificate = to_abi(as_bytes(certificate));
  if (issues && answer.outcome == Outcome::Pending) given.handle = to_abi(as_bytes(handle));
  sink.answer(sink.context, &given);
}

void LivingHost::submit(std::string_view connector, certspan_http_exchange& exchange) {
  Submission submission;
  submission.source = connector;
  submission.key = key_of(plan_.test);
  submission.message = plan_.test.message;
  submission.transaction_id = plan_.test.name.name;
  submission.request = copy_of(as_bytes(plan_.test.name.name));
  submission.labels = plan_.test.labels;
  exchange.taken = true;
  engine_->submitter().submit(std::move(submission), exchange.exchange, {});
}

void LivingHost::tell(const certspan_reply& reply, certspan_http_exchange& exchange) {
  std::string said = "no";
  if (reply.outcome == CERTSPAN_OK) said = "certificate";
  if (reply.outcome == CERTSPAN_PENDING) said = "pending";
  const std::string_view code = from_abi(reply.code);
  if (said == "no" && !code.empty()) said += " (" + std::string(code) + ")";
  exchange.answered = true;
  exchange.exchange->respond(
      {.status = 200, .retry_after_s = 0, .content_type = "text/plain", .body = copy_of(as_bytes(said))});
}

}  // namespace

int live(const LifePlan& plan) {
  LivingHost life(plan);
  if (const auto begun = life.begin(); !begun) {
    std::cerr << "certspan: " << begun.error().message << " [" << begun.error().code << "]\n";
    return 1;
  }
  if (!life.go_on()) {
    std::cerr << "certspan: test \"" << plan.test.name.name << "\" does not come to rest\n" << std::flush;
    ::_exit(1);  // whatever it is doing, nobody waits for it
  }
  life.end();
  return 0;
}

}  // namespace certspan
