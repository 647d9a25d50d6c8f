// The life of a worker: starting it, serving its threads, starting it again.
#include "host/loading/worker/worker_instance.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "host/loading/abi_text.hpp"
#include "host/loading/worker/call_frames.hpp"

namespace certspan::worker {
namespace {

using std::chrono::steady_clock;

/// For a worker to end when it was told to.
constexpr std::chrono::seconds kToEnd{2};
constexpr std::size_t kLongestWords = 200;

}  // namespace

WorkerInstance::WorkerInstance(WorkerPlan plan, const certspan_host* host, std::string name,
                               std::string settings)
    : plan_(std::move(plan)), tables_(host), name_(std::move(name)), settings_(std::move(settings)) {
  supervisor_ = std::thread([this] { supervise(); });
}

WorkerInstance::~WorkerInstance() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    if (starting_) starting_->end();
    if (running_) running_->end();
  }
  changed_.notify_all();
  supervisor_.join();
}

std::shared_ptr<WorkerProcess> WorkerInstance::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool WorkerInstance::has_failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::string WorkerInstance::standing() const {
  const std::lock_guard lock(mutex_);
  if (failed_) return "process failed";
  if (running_) return "process " + std::to_string(running_->pid()) + " (" + shut_in_ + ")";
  return "process restarting";
}

void WorkerInstance::supervise() {
  RestartPolicy policy;
  for (bool again = false;; again = true) {
    const std::string how = run_one(again);
    if (!wait_for_next(how, policy)) return;
  }
}

std::string WorkerInstance::run_one(bool again) {
  auto started = WorkerProcess::start(plan_);
  if (!started) {
    const std::lock_guard lock(mutex_);
    why_none_ = started.error().message;
    return why_none_;
  }
  const std::shared_ptr<WorkerProcess> process = std::move(*started);
  {
    const std::lock_guard lock(mutex_);
    starting_ = process;
    if (ending_) process->end();
  }
  changed_.notify_all();
  // Beside `serve`, for threads of the plugin may ask for something while it is made and started.
  std::thread reviver;
  if (again) {
    reviver = std::thread([this, process] {
      if (!revive(*process)) process->kill();
    });
  }
  serve(*process);
  if (reviver.joinable()) reviver.join();
  {
    const std::lock_guard lock(mutex_);
    starting_.reset();
    running_.reset();
  }
  return process->reap(steady_clock::now() + kToEnd);
}

bool WorkerInstance::wait_for_next(const std::string& how, RestartPolicy& policy) {
  std::unique_lock lock(mutex_);
  if (ending_) return false;
  const auto next = created_ ? policy.ended(steady_clock::now()) : RestartPolicy::Verdict{false, {}};
  if (!next.again) {
    failed_ = true;
    if (why_none_.empty()) why_none_ = "its worker process ended: " + how;
    lock.unlock();
    changed_.notify_all();
    log(CERTSPAN_LOG_ERROR, "worker failed", {{"reason", how}});
    return false;
  }
  lock.unlock();
  log(CERTSPAN_LOG_ERROR, "worker ended",
      {{"reason", how}, {"again_in_ms", std::to_string(next.after.count())}});
  lock.lock();
  return !changed_.wait_for(lock, next.after, [this] { return ending_; });
}

/// Brings a new worker to where the connector stood.
bool WorkerInstance::revive(WorkerProcess& process) {
  Stage stage{};
  {
    const std::lock_guard lock(mutex_);
    stage = stage_;
  }
  std::vector<FrameWriter> calls;
  calls.push_back(creation());
  if (stage != Stage::Created) calls.push_back(begin(Call::Start));
  if (stage == Stage::Open) calls.push_back(begin(Call::OpenIntake));
  for (const FrameWriter& call : calls) {
    WipedBytes done;
    if (cross(process, call, {steady_clock::now() + kLifecycle}, done) != CallEnd::Done) return false;
    FrameReader frame(done.view());
    if (read_report(frame, nullptr) != CERTSPAN_OK) return false;
  }
  const std::lock_guard lock(mutex_);
  running_ = starting_;
  return running_ != nullptr;
}

/// What threads of the plugin ask outside of any call, and what it prints, until the worker has ended.
void WorkerInstance::serve(WorkerProcess& process) {
  ServiceDesk desk(tables_, quota_, nullptr, nullptr);
  WipedBytes received;
  std::array<pollfd, 2> waiting{{{process.control().get(), POLLIN, 0}, {process.output(), POLLIN, 0}}};
  for (;;) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[1].revents != 0) print(process);
    if ((waiting[1].revents & POLLHUP) != 0) waiting[1].fd = -1;
    if (waiting[0].revents == 0) continue;
    if (process.control().receive(received, steady_clock::time_point::max()) != Received::Frame) return;
    FrameReader frame(received.view());
    if (hear_shut_in(frame)) continue;
    FrameWriter reply(FrameKind::Reply, frame.operation());
    if (!desk.serve(received.view(), reply)) return process.kill();
    if (frame.kind() == FrameKind::Ask) process.control().send(reply.frame());
  }
}

bool WorkerInstance::hear_shut_in(FrameReader& frame) {
  if (frame.kind() != FrameKind::Tell || frame.operation() != static_cast<std::uint8_t>(Service::ShutIn)) {
    return false;
  }
  const std::string words = clean_text(frame.text(), kLongestWords);
  const std::lock_guard lock(mutex_);
  shut_in_ = words;
  return true;
}

void WorkerInstance::print(const WorkerProcess& process) {
  const std::string words = process.printed();
  std::uint64_t dropped = 0;
  if (words.empty() || !quota_.take(dropped)) return;
  log(CERTSPAN_LOG_INFO, "worker printed", {{"text", words}});
}

void WorkerInstance::log(std::int32_t level, std::string_view event, LogFields fields) const {
  if (tables_.log == nullptr) return;
  std::vector<certspan_label> labels;
  for (const auto& [name, value] : fields) labels.push_back({to_abi(name), to_abi(std::string_view(value))});
  tables_.log->write(tables_.host->context, level, to_abi(event), labels.data(), labels.size());
}

}  // namespace certspan::worker
