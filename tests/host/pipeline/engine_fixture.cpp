#include "tests/host/pipeline/engine_fixture.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

namespace certspan {
namespace {

std::filesystem::path temporary_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "certspan-engine-XXXXXX").string();
  return ::mkdtemp(pattern.data());
}

}  // namespace

EngineFixture::EngineFixture()
    : directory_(temporary_directory()),
      log_(*Log::open({.level = LogLevel::Error, .format = LogFormat::Text, .file = directory_ / "log"})),
      plugin_(
          std::make_shared<const Plugin>(scripted_plugin(), "scripted", "scripted", std::string(64, '0'))) {}

EngineFixture::~EngineFixture() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Pipeline EngineFixture::pipeline(std::vector<std::string> issuers, ReplyRule reply) {
  Step validate;
  validate.kind = StepKind::Validate;
  validate.connectors = {"validator"};
  Step issue;
  issue.kind = StepKind::Issue;
  issue.connectors = std::move(issuers);
  validate.retry = issue.retry = {
      .attempts = 4, .first = std::chrono::milliseconds(2), .most = std::chrono::milliseconds(4)};
  Pipeline pipeline;
  pipeline.name = "main";
  pipeline.source = "source";
  pipeline.steps = {validate, issue};
  pipeline.reply = reply;
  return pipeline;
}

Pipeline EngineFixture::telling(std::vector<std::string> issuers, std::vector<std::string> of_success,
                                std::vector<std::string> of_failure) {
  Pipeline made = pipeline(std::move(issuers));
  const auto add = [&](StepKind kind, std::vector<std::string>& names) {
    for (std::string& name : names) {
      Step& step = made.steps.emplace_back(made.steps.front());
      step.kind = kind;
      step.connectors = {std::move(name)};
      step.retry.attempts = 0;
    }
  };
  add(StepKind::Deliver, of_success);
  add(StepKind::DeliverFailure, of_failure);
  return made;
}

void EngineFixture::start(std::vector<Pipeline> pipelines) {
  use_script(script);
  journal_ = *open_journal({.directory = directory_ / "data", .clock = clock});
  Engine::Options options;
  options.cpu_threads = 3;
  options.issuer_health = issuer_health;
  options.lost_time = lost_time;
  engine_ =
      std::make_unique<Engine>(options, Engine::Backends{*log_, *clock, *journal_, [] { std::abort(); }});
  running_ = std::make_shared<RunningConfig>();
  running_->revocation_guard = revocation_guard;
  running_->graph = PipelineGraph(std::move(pipelines));
  add_connector(*running_, "source", "source");
  add_connector(*running_, "queue", "source");
  add_connector(*running_, "validator", "validator");
  add_connector(*running_, "validator-2", "validator");
  add_connector(*running_, "profile", "fence");
  add_connector(*running_, "hook", "deliverer");
  add_connector(*running_, "hook-2", "deliverer");
  add_connector(*running_, "ca", "ca");
  add_connector(*running_, "ca-2", "ca");
  add_connector(*running_, "blind", "blind_ca");
  add_connector(*running_, "idempotent", "idempotent_ca");
  add_connector(*running_, "orders", "order_ca");
  add_connector(*running_, "local", "local_ca");
  REQUIRE(engine_->start(running_));
  for (const auto& [name, station] : running_->connectors.all())
    REQUIRE(station.connector->open_intake().ok());
}

void EngineFixture::add_connector(RunningConfig& config, const std::string& name, const char* type) {
  const ServiceBackends backends = {.log = log_.get(),
                                    .clock = clock,
                                    .journal = journal_.get(),
                                    .submitter = &engine_->submitter(),
                                    .issuers = engine_.get()};
  services_.push_back(std::make_unique<HostServices>(name, backends));
  Station station;
  station.connector = std::make_shared<Connector>(name, plugin_, *plugin_->find_type(type));
  REQUIRE(station.connector->create(services_.back()->host(), "{}").ok());
  REQUIRE(station.connector->start().ok());
  if (station.connector->runs_waits())
    station.own_pool = std::make_shared<WorkerPool>(name, kWorkers, kOwnQueue);
  config.connectors.put(std::move(station));
}

void EngineFixture::stop() {
  if (!engine_) return;
  engine_->stop();
  for (const auto& [name, station] : running_->connectors.all()) {
    if (station.own_pool) station.own_pool->stop();
  }
  for (const auto& [name, station] : running_->connectors.all()) station.connector->destroy();
  engine_.reset();
  running_.reset();
  services_.clear();
  journal_.reset();
}

void EngineFixture::lose_journal() {
  stop();
  std::filesystem::remove_all(directory_ / "data");
}

PendingAnswer EngineFixture::send(const std::string& body) {
  auto promise = std::make_shared<std::promise<ClientAnswer>>();
  PendingAnswer answer = promise->get_future();
  auto exchange = std::make_shared<HttpExchange>([promise](HttpResponse response) {
    promise->set_value({response.status, std::string(as_text(response.body))});
  });
  HttpRequest request;
  request.method = "POST";
  request.body = copy_of(as_bytes(body));
  engine_->take_request("source", std::move(request), std::move(exchange));
  return answer;
}

std::vector<WorkItem> EngineFixture::items(bool open, bool finished) {
  ItemFilter filter;
  filter.open = open;
  filter.finished = finished;
  filter.limit = 10'000;
  return *journal_->list(filter);
}

WorkItem EngineFixture::only_item() {
  auto all = items(true, true);
  std::erase_if(all, [](const WorkItem& item) { return item.message == kRevocation; });
  REQUIRE(all.size() == 1);
  return all.front();
}

std::string EngineFixture::log_text() const {
  std::ifstream file(directory_ / "log");
  return {std::istreambuf_iterator<char>(file), {}};
}

bool EngineFixture::wait_for(ItemState state) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    for (const WorkItem& item : items(true, true)) {
      if (item.state == state && (is_open(state) || engine_->status().open == 0)) return true;
    }
    std::this_thread::yield();
  }
  return false;
}

void EngineFixture::hurry(WorkId id) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  auto done = engine_->retry(id);
  while (!done && done.error().code == "work.busy") {
    REQUIRE(std::chrono::steady_clock::now() < end);
    done = engine_->retry(id);
  }
  REQUIRE(done.has_value());
}

bool EngineFixture::wait_for_full(const std::string& connector) {
  const WorkerPool& pool = *running_->connectors.all().at(connector).own_pool;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!pool.full()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace certspan
