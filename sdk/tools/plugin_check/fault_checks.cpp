// The world fails, and the plugin says what is certain.
#include <algorithm>

#include "host/base/outcome.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

using sdk::testing::HttpOutScript;
using sdk::testing::RecordedHttpOut;

const AnsweringCall& issue_call(const std::vector<AnsweringCall>& calls) {
  return *std::find_if(calls.begin(), calls.end(),
                       [](const AnsweringCall& call) { return call.name == "issue"; });
}

bool has_order(const std::vector<RecordedHttpOut>& requests) {
  return std::any_of(requests.begin(), requests.end(),
                     [](const RecordedHttpOut& one) { return !one.asks_only; });
}

/// Calls issue while every order meets `fate`; questions are answered as the scripted CA does. What the
/// plugin said, after it was seen that it sent an order.
Heard issue_into(Scene& scene, const HttpOutScript& fate) {
  scene.connector.begin();
  scene.host.http_out.world = [&scene, fate](const RecordedHttpOut& request) {
    return request.asks_only ? scene.host.ca.answer(request) : fate;
  };
  scene.host.http_out.forget();
  auto item = scene.item();
  Heard heard = hear(scene.connector, issue_call(answering_calls(scene.connector)), item);
  if (!has_order(scene.host.http_out.requests())) {
    throw CheckSkipped(
        "issue sent no order by http_out; what its own connections do can't be seen from here");
  }
  require(heard.answers == 1, "issue gave " + std::to_string(heard.answers) + " answers instead of one");
  return heard;
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

constexpr const char* kProxyPage = "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>";

}  // namespace

void check_reset(Run& run) {
  require_uncertain(run, HttpOutScript::broken(),
                    "an order left and the connection was reset after its body");
}

void check_silence(Run& run) {
  require_uncertain(run, HttpOutScript::silent(), "an order left and no answer came in time");
}

void check_proxy(Run& run) {
  for (const std::uint32_t status : {502U, 503U, 504U}) {
    require_uncertain(run, HttpOutScript::answer(status, kProxyPage, {{"content-type", "text/html"}}),
                      "an order left and a proxy answered " + std::to_string(status));
  }
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
