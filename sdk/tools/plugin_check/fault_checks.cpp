// The world fails, and the plugin says what is certain.
#include <algorithm>

#include "host/base/outcome.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

using sdk::testing::HttpOutScript;
using sdk::testing::RecordedHttpOut;

const AnsweringCall& offered_call(const std::vector<AnsweringCall>& calls, const std::string& name) {
  const auto found = std::ranges::find(calls, name, &AnsweringCall::name);
  if (found == calls.end()) throw CheckSkipped("the issuer offers no " + name);
  return *found;
}

const AnsweringCall& issue_call(const std::vector<AnsweringCall>& calls) {
  return offered_call(calls, "issue");
}

bool has_order(const std::vector<RecordedHttpOut>& requests) {
  return std::any_of(requests.begin(), requests.end(),
                     [](const RecordedHttpOut& one) { return !one.asks_only; });
}

/// Calls issue while every order meets `fate`; questions are answered as the scripted CA does. What the
/// plugin said, after it was seen that it sent an order.
Heard issue_into(Scene& scene, const HttpOutScript& fate, sdk::testing::FakeItem& item) {
  scene.host.http_out.world = [&scene, fate](const RecordedHttpOut& request) {
    return request.asks_only ? scene.host.ca.answer(request) : fate;
  };
  scene.host.http_out.forget();
  Heard heard = hear(scene.connector, issue_call(answering_calls(scene.connector)), item);
  if (!has_order(scene.host.http_out.requests())) {
    throw CheckSkipped(
        "issue sent no order by http_out; what its own connections do can't be seen from here");
  }
  require(heard.answers == 1, "issue gave " + std::to_string(heard.answers) + " answers instead of one");
  return heard;
}

Heard issue_into(Scene& scene, const HttpOutScript& fate) {
  scene.connector.begin();
  auto item = scene.item();
  return issue_into(scene, fate, item);
}

/// After an order left and the CA did not answer it, only "unknown" is true.
void require_uncertain(Run& run, const HttpOutScript& fate, const std::string& what_happened) {
  Scene scene(run);
  const Heard heard = issue_into(scene, fate);
  const bool open = scene.host.http_out.may_have_been_done();
  scene.connector.end();
  const std::string says =
      what_happened + ", and issue says \"" + std::string(to_string(outcome_from_abi(heard.outcome))) + "\"";
  require(heard.outcome != CERTSPAN_OK && heard.outcome != CERTSPAN_PENDING, says);
  require(open, says + " and that the CA itself had answered (answered_by_ca)");
  const bool uncertain =
      heard.answer.outcome == sdk::Outcome::Unknown || heard.answer.outcome == sdk::Outcome::Internal;
  require(uncertain, says + ", which promises that nothing was done");
}

/// After an order left, and while its CA can't be asked, nothing that ends it is true: it may have been done.
void require_open(Scene& scene, const AnsweringCall& call, const HttpOutScript& fate,
                  const std::string& what_happened) {
  auto item = scene.item();
  issue_into(scene, HttpOutScript::broken(), item);
  scene.host.http_out.world = [fate](const RecordedHttpOut&) { return fate; };
  scene.host.http_out.forget();
  const Heard heard = hear(scene.connector, call, item);
  if (scene.host.http_out.requests().empty()) throw CheckSkipped(call.name + " asks nothing by http_out");
  const sdk::Outcome outcome = heard.answer.outcome;
  const bool open = outcome == sdk::Outcome::Unknown || outcome == sdk::Outcome::Unavailable ||
                    outcome == sdk::Outcome::Throttled || outcome == sdk::Outcome::Internal ||
                    outcome == sdk::Outcome::Pending;
  require(heard.answers == 1 && open, what_happened + ", and " + call.name + " says \"" +
                                          std::string(to_string(outcome_from_abi(heard.outcome))) +
                                          "\", which ends an order that may have been done");
}

HttpOutScript page(std::uint32_t status);

void require_open_whatever_happens(Run& run, const std::string& name) {
  Scene scene(run);
  scene.connector.begin();
  const auto calls = answering_calls(scene.connector);
  const AnsweringCall& call = offered_call(calls, name);
  require_open(scene, call, HttpOutScript::refused(), "nobody listens where the CA was");
  require_open(scene, call, HttpOutScript::broken(), "the connection broke");
  require_open(scene, call, HttpOutScript::silent(), "no answer came in time");
  for (const std::uint32_t status : {403U, 404U, 407U, 429U, 500U, 502U, 503U, 504U}) {
    require_open(scene, call, page(status), "a proxy answered " + std::to_string(status));
  }
  scene.connector.end();
}

constexpr const char* kProxyPage = "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>";

HttpOutScript page(std::uint32_t status) {
  return HttpOutScript::answer(status, kProxyPage, {{"content-type", "text/html"}});
}

}  // namespace

void check_reset(Run& run) {
  require_uncertain(run, HttpOutScript::broken(),
                    "an order left and the connection was reset after its body");
}

void check_silence(Run& run) {
  require_uncertain(run, HttpOutScript::silent(), "an order left and no answer came in time");
}

void check_proxy(Run& run) {
  for (const std::uint32_t status : {500U, 502U, 503U, 504U}) {
    require_uncertain(run, page(status), "an order left and a proxy answered " + std::to_string(status));
  }
}

/// That the order did not get through may be said; that the CA refused it may not.
void check_turned_away(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  for (const std::uint32_t status : {401U, 403U, 404U, 407U, 413U, 429U}) {
    auto item = scene.item();
    const Heard heard = issue_into(scene, page(status), item);
    const sdk::Outcome outcome = heard.answer.outcome;
    const bool open = outcome == sdk::Outcome::Unavailable || outcome == sdk::Outcome::Throttled ||
                      outcome == sdk::Outcome::Unknown || outcome == sdk::Outcome::Internal;
    require(open, "a proxy answered an order with " + std::to_string(status) +
                      " and a page of its own, and issue says \"" +
                      std::string(to_string(outcome_from_abi(heard.outcome))) +
                      "\" as if it came from the CA");
  }
  scene.connector.end();
}

void check_poll_in_need(Run& run) {
  require_open_whatever_happens(run, "poll");
}

void check_lookup_in_need(Run& run) {
  require_open_whatever_happens(run, "lookup");
}

void check_nonsense(Run& run) {
  for (const char* body : {"", "{", "<html>welcome to the hotel's network</html>", "\xff\xfe"}) {
    require_uncertain(run, HttpOutScript::answer(200, body),
                      "an order was answered with 200 and nothing of a CA's");
  }
}

void check_refused_connection(Run& run) {
  Scene scene(run);
  const Heard heard = issue_into(scene, HttpOutScript::refused());
  scene.connector.end();
  const sdk::Outcome outcome = heard.answer.outcome;
  const bool true_to_it = outcome == sdk::Outcome::Unavailable || outcome == sdk::Outcome::Throttled ||
                          outcome == sdk::Outcome::Unknown || outcome == sdk::Outcome::Internal ||
                          outcome == sdk::Outcome::Cancelled;
  require(true_to_it, "nothing of the order left, and issue says \"" +
                          std::string(to_string(outcome_from_abi(heard.outcome))) + "\"");
}

void check_refused_note(Run& run) {
  Scene scene(run);
  const auto calls = answering_calls(scene.connector);
  if (issue_into(scene, HttpOutScript::broken()).notes.empty()) throw CheckSkipped("issue writes no note");
  scene.host.http_out.forget();
  auto item = scene.item();
  const Heard heard = hear(scene.connector, issue_call(calls), item, CERTSPAN_UNAVAILABLE);
  scene.connector.end();
  require(!has_order(scene.host.http_out.requests()),
          "the note of issue was refused, which means that nothing may be sent, and an order was sent");
  require(heard.outcome != CERTSPAN_OK, "the note of issue was refused, and it says ok");
}

void check_refused_commit(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  scene.host.store.fail_next_commit(sdk::Outcome::Unavailable);
  auto item = scene.item();
  const Heard heard = hear(scene.connector, issue_call(answering_calls(scene.connector)), item);
  // Nothing is written by this; it says whether the failure was met.
  const bool met = scene.host.store.commit(nullptr, 0) == CERTSPAN_OK;
  scene.connector.end();
  if (!met) throw CheckSkipped("issue writes nothing to its store");
  require(heard.outcome != CERTSPAN_OK && heard.outcome != CERTSPAN_PENDING,
          "the store refused what issue wrote, and it says \"" +
              std::string(to_string(outcome_from_abi(heard.outcome))) + "\"");
}

void check_lost_secrets(Run& run) {
  Scene scene(run);
  if (scene.sample.secrets.empty()) throw CheckSkipped("its settings hold no secret");
  scene.host.secrets.clear();
  if (scene.connector.try_create() != CERTSPAN_OK) return;
  if (scene.connector.try_start() == CERTSPAN_OK) exercise(scene.connector, scene.sample, scene.random);
  scene.connector.end();
}

}  // namespace certspan::check
