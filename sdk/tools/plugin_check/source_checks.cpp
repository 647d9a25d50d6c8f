// Sources: the intake, and that every exchange is ended once.
#include <thread>

#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/scene.hpp"
#include "sdk/tools/plugin_check/source_calls.hpp"

namespace certspan::check {
namespace {

using sdk::testing::FakeExchange;

constexpr int kRequestsAtOnce = 64;

void require_ended_once(const FakeExchange& exchange, const std::string& call) {
  require(exchange.endings == 1,
          call + " ended an exchange " + std::to_string(exchange.endings) + " times instead of once");
  const bool sound =
      !exchange.response || (exchange.response->status >= 200 && exchange.response->status < 600);
  require(sound, call + " responds with status " + std::to_string(sound ? 0 : exchange.response->status));
}

/// A started source with its intake open.
void open_source(Scene& scene) {
  scene.connector.begin();
  open_intake(scene.connector, scene.sample);
  if (source_of(scene.connector)->handle == nullptr) throw CheckSkipped("the source takes no HTTP");
}

void close_source(Scene& scene) {
  close_intake(scene.connector);
  scene.connector.end();
}

}  // namespace

void check_intake(Run& run) {
  {
    Scene never_opened(run);
    never_opened.connector.begin();
    close_intake(never_opened.connector);
    never_opened.connector.end();
  }
  Scene scene(run);
  scene.connector.begin();
  open_intake(scene.connector, scene.sample);
  for (const auto& route : scene.host.routes) {
    require(route.path.starts_with('/'),
            "it adds the route \"" + route.path + "\", which does not begin with /");
    require(route.max_body > 0, "its route " + route.path + " takes no bodies at all (max_body is 0)");
  }
  close_intake(scene.connector);
  close_intake(scene.connector);
  open_intake(scene.connector, scene.sample);
  close_source(scene);
}

void check_exchanges(Run& run) {
  Scene scene(run);
  open_source(scene);
  for (const WireRequest& request : odd_requests(scene.connector, scene.random)) {
    FakeExchange exchange;
    handle(scene.connector, request, exchange);
    require_ended_once(exchange, "handle");
  }
  close_source(scene);
}

void check_replies(Run& run) {
  Scene scene(run);
  open_source(scene);
  bool any = false;
  for (const WireRequest& request : odd_requests(scene.connector, scene.random)) {
    FakeExchange exchange;
    handle(scene.connector, request, exchange);
    if (!exchange.submitted && !exchange.polled) continue;
    any = true;
    const auto& context =
        exchange.submitted ? exchange.submitted->reply_context : exchange.polled->reply_context;
    for (const certspan_outcome outcome : {CERTSPAN_OK, CERTSPAN_PENDING, CERTSPAN_REJECTED, CERTSPAN_INVALID,
                                           CERTSPAN_UNSUPPORTED, CERTSPAN_CANCELLED}) {
      FakeExchange told;
      reply(scene.connector, outcome, context, told);
      require_ended_once(told, "reply");
    }
  }
  close_source(scene);
  if (!any) throw CheckSkipped("none of the requests was one that the source submits");
}

void check_concurrent_requests(Run& run) {
  Scene scene(run);
  open_source(scene);
  const auto requests = odd_requests(scene.connector, scene.random);
  std::vector<FakeExchange> exchanges(kRequestsAtOnce);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    threads.emplace_back([&, i] { handle(scene.connector, requests[i % requests.size()], exchanges[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const FakeExchange& exchange : exchanges) require_ended_once(exchange, "handle");
  close_source(scene);
}

}  // namespace certspan::check
