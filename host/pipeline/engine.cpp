#include "host/pipeline/engine.hpp"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "host/services/abi_views.hpp"

namespace certspan {
namespace {

certspan_http_request view_of(const HttpRequest& request) {
  certspan_http_request view{};
  view.struct_size = sizeof(view);
  view.flags = request.tls ? CERTSPAN_HTTP_TLS : 0;
  view.method = to_abi(request.method);
  view.path = to_abi(request.path);
  view.query = to_abi(request.query);
  view.content_type = to_abi(request.content_type);
  view.remote_address = to_abi(request.remote_address);
  view.body = to_abi(BytesView(request.body));
  view.authorization = to_abi(as_text(request.authorization.reveal()));
  return view;
}

void respond_try_later(const HttpExchangePtr& exchange) {
  HttpResponse response;
  response.status = 503;
  response.retry_after_s = ReplyDesk::kRetryAfterSeconds;
  response.content_type = "text/plain";
  response.body = copy_of(as_bytes("try again later\n"));
  exchange->respond(std::move(response));
}

/// The address of whoever sent it, without the port: connections are cheap to have many of.
std::string_view client_of(const HttpRequest& request) {
  const std::string_view address = request.remote_address;
  return address.substr(0, address.rfind(':'));
}

}  // namespace

double random_unit() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

Engine::Engine(const Options& options, Backends backends)
    : table_(options.most_open),
      timer_(backends.clock),
      healths_(options.issuer_health),
      revocations_(backends.journal),
      compromised_keys_(backends.journal),
      cpu_("certspan-cpu", options.cpu_threads, options.queue_limit),
      runtime_{.log = backends.log,
               .clock = backends.clock,
               .journal = backends.journal,
               .table = table_,
               .timer = timer_,
               .cpu = cpu_,
               .healths = healths_,
               .revocations = revocations_,
               .compromised_keys = compromised_keys_,
               .journal_failed = std::move(backends.journal_failed),
               .random = options.random,
               .lost_time = options.lost_time,
               .mutex = {},
               .running = std::make_shared<const RunningConfig>()},
      desk_(runtime_),
      runner_(runtime_, desk_),
      intake_(runtime_, desk_, runner_, options.intake),
      gatherer_(runtime_) {}

Engine::~Engine() {
  stop();
}

Result<void> Engine::start(std::shared_ptr<const RunningConfig> config) {
  table_.set_pipelines(config->graph.pipelines().size());
  runtime_.replace(std::move(config));
  CERTSPAN_TRY(const std::vector<WorkItem> items, runtime_.journal.claim_open());
  for (const WorkItem& item : items) {
    auto open = std::make_shared<OpenItem>(item.key, item.poll_key, item.pipeline);
    open->item = open->durable = item;
    open->id = item.id;
    open->stored = true;
    const Pipeline* pipeline = this->config()->graph.find(item.pipeline);
    open->tell_pending = item.state == ItemState::Pending && pipeline != nullptr &&
                         pipeline->reply.then == ReplyRule::Then::Pending;
    table_.restore(open);
    cpu_.post({open->pipeline}, [this, open] { runner_.resume(open); });
  }
  if (!items.empty()) {
    runtime_.log.write(LogLevel::Info, "took up open items", {{"count", std::to_string(items.size())}});
  }
  timer_.upkeep_after(kSweepEvery, [this] { sweep(); });
  intake_.open();
  gatherer_.look_for_sources();
  return {};
}

std::shared_ptr<const RunningConfig> Engine::replace(std::shared_ptr<const RunningConfig> next) {
  table_.set_pipelines(next->graph.pipelines().size());
  auto before = runtime_.replace(std::move(next));
  gatherer_.look_for_sources();
  return before;
}

void Engine::take_request(const std::string& connector, HttpRequest request,
                          const HttpExchangePtr& exchange) {
  auto shared = std::make_shared<HttpRequest>(std::move(request));
  const bool queued = cpu_.try_post({connector, client_of(*shared)}, [this, connector, shared, exchange] {
    handle(connector, *shared, exchange);
  });
  if (!queued) respond_try_later(exchange);
}

void Engine::handle(const std::string& connector, const HttpRequest& request,
                    const HttpExchangePtr& exchange) {
  if (exchange->closed()) return;
  auto config = runtime_.config();
  while (!give_to_source(config, connector, request, exchange)) {
    // A generation that was replaced just now takes nothing more; the one in its place does.
    auto next = runtime_.config();
    if (next == config) return respond_try_later(exchange);
    config = std::move(next);
  }
  intake_.run_accepted();
}

/// False, and the exchange untouched, if the source takes nothing now.
bool Engine::give_to_source(const std::shared_ptr<const RunningConfig>& config, const std::string& connector,
                            const HttpRequest& request, const HttpExchangePtr& exchange) {
  Connector* source = config->connectors.find(connector);
  if (source == nullptr) return false;
  certspan_http_exchange view(exchange);
  {
    const Intake::Handling here(config);
    if (!source->handle(view_of(request), &view)) return false;
  }
  const bool dealt_with = view.answered || view.taken;
  source->tally().count(dealt_with);
  if (!dealt_with) {
    runtime_.log.write(LogLevel::Error, "request neither answered nor submitted", {{"connector", connector}});
    respond_try_later(exchange);
  }
  return true;
}

/// Clients whose time is over hear how things stand; their items go on.
void Engine::sweep() {
  if (revocations_.take_debt()) cpu_.post({std::string(kRevocation)}, [this] { intake_.pay_debts(); });
  for (ItemTable::Expired& expired : table_.expire(runtime_.clock.now())) {
    auto shared = std::make_shared<ItemTable::Expired>(std::move(expired));
    cpu_.post({shared->item->pipeline}, [this, shared] {
      const auto config = runtime_.config();
      // A client may hear PENDING only of what is in the journal.
      const Pipeline* pipeline = shared->item->stored ? config->graph.find(shared->item->pipeline) : nullptr;
      if (pipeline != nullptr && pipeline->reply.then == ReplyRule::Then::Pending) {
        desk_.pending(std::move(shared->waiters), shared->item->id);
      } else {
        ReplyDesk::try_later(shared->waiters);
      }
    });
  }
  timer_.upkeep_after(kSweepEvery, [this] { sweep(); });
}

Outcome Engine::chain(std::string_view source, std::string_view pipeline,
                      const std::function<void(const Certificate&)>& visit) {
  const auto config = runtime_.config();
  Outcome outcome = Outcome::Rejected;
  for (const std::string& name : config->graph.issuers(source, pipeline)) {
    Connector* issuer = config->connectors.find(name);
    const auto chain = issuer == nullptr ? nullptr : config->chains.get(*issuer);
    if (!chain) {
      if (outcome != Outcome::Ok) outcome = Outcome::Unavailable;
      continue;
    }
    for (const Bytes& certificate : *chain) visit({name, certificate});
    outcome = Outcome::Ok;
  }
  return outcome;
}

Outcome Engine::find(std::string_view source, std::string_view pipeline, BytesView issuer, BytesView serial,
                     Found& found) {
  const auto config = runtime_.config();
  Outcome outcome = Outcome::Rejected;
  for (const std::string& name : config->graph.issuers(source, pipeline)) {
    Connector* connector = config->connectors.find(name);
    if (connector == nullptr || !connector->has_find()) continue;
    auto answer = connector->find(issuer, serial);
    if (!answer) {
      outcome = Outcome::Unavailable;
    } else if (*answer) {
      found.certificate = std::move((*answer)->certificate);
      found.revoked = (*answer)->revoked;
      return Outcome::Ok;
    }
  }
  return outcome;
}

Outcome Engine::crl(std::string_view source, std::string_view pipeline, const CrlWanted& wanted, Bytes& crl) {
  const auto config = runtime_.config();
  Outcome outcome = Outcome::Rejected;
  for (const std::string& name : config->graph.issuers(source, pipeline)) {
    Connector* connector = config->connectors.find(name);
    if (connector == nullptr || !connector->has_crl()) continue;
    auto answer = connector->crl(wanted);
    if (!answer) {
      outcome = Outcome::Unavailable;
    } else if (*answer) {
      crl = std::move(**answer);
      return Outcome::Ok;
    }
  }
  return outcome;
}

Outcome Engine::status(std::string_view issuer, BytesView cert_id, Bytes& status) {
  const auto config = runtime_.config();
  Connector* connector = config->connectors.find(issuer);
  if (connector == nullptr || !connector->has_status()) return Outcome::Rejected;
  auto answer = connector->status(cert_id);
  if (!answer) return Outcome::Unavailable;
  if (!*answer) return Outcome::Rejected;
  status = std::move(**answer);
  return Outcome::Ok;
}

Outcome Engine::next_ca(std::string_view source, std::string_view pipeline, Bytes& message) {
  const auto config = runtime_.config();
  Outcome outcome = Outcome::Unsupported;
  for (const std::string& name : config->graph.issuers(source, pipeline)) {
    Connector* connector = config->connectors.find(name);
    if (connector == nullptr || !connector->has_next_ca()) continue;
    auto answer = connector->next_ca();
    if (!answer) {
      outcome = Outcome::Unavailable;
    } else if (*answer) {
      message = std::move(**answer);
      return Outcome::Ok;
    } else if (outcome == Outcome::Unsupported) {
      outcome = Outcome::Rejected;
    }
  }
  return outcome;
}

bool Engine::drain(std::chrono::steady_clock::time_point deadline) {
  while (table_.waiting() > 0 || runner_.inside() > 0 || cpu_.queued() > 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Engine::stop() {
  if (stopped_.exchange(true)) return;
  intake_.close();
  timer_.stop();
  for (const OpenItemPtr& open : table_.all()) ReplyDesk::try_later(table_.take_waiters(open));
  cpu_.stop();
}

Engine::Rest Engine::rest() const {
  const auto open = table_.all();
  const bool parked =
      std::ranges::all_of(open, [](const OpenItemPtr& item) { return item->parked.load() != 0; });
  const bool at_rest = parked && runner_.inside() == 0 && cpu_.queued() == 0;
  return {at_rest, open.size(), timer_.next()};
}

Engine::Status Engine::status() const {
  Status status{table_.size(), table_.waiting(), runner_.inside(), cpu_.queued(), {}};
  for (const auto& [name, health] : healths_.all()) {
    status.issuers.emplace_back(name, health->snapshot(runtime_.clock.now()));
  }
  return status;
}

Result<OpenItemPtr> Engine::open_item(WorkId id) {
  if (OpenItemPtr open = table_.find(id)) return open;
  CERTSPAN_TRY(const auto item, runtime_.journal.find(id));
  if (!item) return fail(Outcome::Rejected, "work.not_found", "there is no work item " + to_string(id));
  return fail(Outcome::Rejected, "work.finished",
              to_string(id) + " has ended (" + std::string(to_string(item->state)) + ")");
}

Result<WorkId> Engine::retry(WorkId id) {
  if (const OpenItemPtr open = table_.find(id)) {
    CERTSPAN_CHECK(runner_.hurry(open));
    return id;
  }
  CERTSPAN_TRY(const auto item, runtime_.journal.find(id));
  if (!item) return fail(Outcome::Rejected, "work.not_found", "there is no work item " + to_string(id));
  if (item->state != ItemState::Dead || item->request.empty()) {
    return fail(Outcome::Rejected, "work.finished",
                to_string(id) + " has ended (" + std::string(to_string(item->state)) +
                    "); only a dead letter can be tried again");
  }
  CERTSPAN_TRY(const OpenItemPtr again, intake_.revive(*item));
  cpu_.post({again->pipeline}, [this, again] { runner_.start(again); });
  return again->id.load();
}

Result<void> Engine::cancel(WorkId id, std::string_view who) {
  CERTSPAN_TRY(const OpenItemPtr open, open_item(id));
  return runner_.cancel(open, who);
}

Result<void> Engine::decide(WorkId id, bool approved, std::string_view who, std::string_view reason) {
  CERTSPAN_TRY(const OpenItemPtr open, open_item(id));
  return runner_.decide(open, approved, who, reason);
}

Result<void> Engine::resolve(WorkId id, Resolution resolution, std::string_view who) {
  CERTSPAN_TRY(const OpenItemPtr open, open_item(id));
  return runner_.resolve(open, std::move(resolution), who);
}

void Engine::strand(WorkId id, const std::string& who) {
  const OpenItemPtr open = table_.find(id);
  if (open == nullptr || runner_.strand(open, who)) return;
  timer_.upkeep_after(kStrandAgain, [this, id, who] { strand(id, who); });
}

}  // namespace certspan
