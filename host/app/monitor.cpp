#include "host/app/monitor.hpp"

#include <chrono>
#include <utility>

#include "host/app/metrics_text.hpp"
#include "host/app/work_report.hpp"

namespace certspan {
namespace {

constexpr std::chrono::hours kBetweenLooks{1};
/// That wait for one answer; a further one is told to come again.
constexpr std::size_t kMostAsking = 16;

HttpResponse text_response(unsigned status, const std::string& type, const std::string& text) {
  return {.status = status, .content_type = type, .body = copy_of(as_bytes(text))};
}

}  // namespace

Monitor::Monitor(Status status, const Clock& clock, Log& log)
    : status_(std::move(status)), clock_(clock), log_(log) {
  thread_ = std::thread([this] { run(); });
}

Monitor::~Monitor() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void Monitor::tell_metrics(const HttpRequest& request, HttpExchangePtr exchange) {
  if (request.method != "GET" && request.method != "HEAD") {
    exchange->respond(text_response(405, "text/plain", "use GET\n"));
    return;
  }
  const MutexLock lock(mutex_);
  // Dropped unanswered, it is answered with 503.
  if (stopping_ || asking_.size() == kMostAsking) return;
  asking_.push_back(std::move(exchange));
  wake_.notify_one();
}

void Monitor::run() {
  auto next_look = std::chrono::steady_clock::now();
  while (true) {
    if (std::chrono::steady_clock::now() >= next_look) {
      look();
      next_look = std::chrono::steady_clock::now() + kBetweenLooks;
    }
    std::vector<HttpExchangePtr> asking;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && asking_.empty() && wake_.wait_until(lock, next_look)) {
      }
      if (stopping_) return;
      asking.swap(asking_);
    }
    if (asking.empty()) continue;
    const HttpResponse response = text_response(200, kMetricsType, metrics_text(status_(), now()));
    for (const auto& exchange : asking) exchange->respond(response);
  }
}

void Monitor::look() {
  std::map<std::string, Nearness> told;
  for (const Ending& ending : endings_of(status_())) {
    const std::string key = ending.kind + " " + ending.name + " " + std::to_string(ending.at);
    const Nearness near = nearness(ending.at, now());
    const auto before = told_.find(key);
    if (near > (before == told_.end() ? Nearness::Far : before->second)) tell(ending, now());
    told.emplace(key, near);
  }
  told_ = std::move(told);  // without what is no more
}

void Monitor::tell(const Ending& ending, std::int64_t now) {
  constexpr std::int64_t kMsInSecond = 1000;
  const std::string ends = to_wall_text(ending.at * kMsInSecond);
  const std::string days = std::to_string(days_left(ending.at, now));
  const LogField fields[] = {
      {"kind", ending.kind}, {"name", ending.name}, {"ends", ends}, {"days_left", days}};
  const Nearness near = nearness(ending.at, now);
  if (near == Nearness::Over) {
    log_.write(LogLevel::Error, "what is watched has ended", fields);
  } else if (near >= Nearness::In7Days) {
    log_.write(LogLevel::Error, "what is watched ends soon", fields);
  } else {
    log_.write(near == Nearness::In60Days ? LogLevel::Info : LogLevel::Warn, "what is watched ends soon",
               fields);
  }
}

std::int64_t Monitor::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::milliseconds(clock_.wall_ms()))
      .count();
}

}  // namespace certspan
