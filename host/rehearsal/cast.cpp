#include "host/rehearsal/cast.hpp"

#include <fmt/format.h>

#include "host/loading/interfaces.hpp"

namespace certspan {
namespace {

bool has_call(const Player& player, std::string_view call) {
  if (call == "poll") return player.has_poll;
  if (call == "lookup") return player.has_lookup;
  if (call == "cancel") return player.has_cancel;
  return true;
}

void check_answer(const std::string& connector, const Player& player, const AnswerConfig& answer,
                  Faults& faults) {
  if (!has_call(player, answer.call.name)) {
    faults.error(FaultCode::WrongRole, answer.call.mark,
                 fmt::format("connector \"{}\" has no \"{}\": its type does not offer it", connector,
                             answer.call.name));
  }
  const bool issues = answer.call.name.empty() || answer.call.name == "issue";
  if (issues && answer.outcome == Outcome::Pending && !player.has_poll) {
    faults.error(
        FaultCode::WrongRole, answer.mark,
        fmt::format("connector \"{}\" never answers \"pending\": its type can't be polled", connector));
  }
}

}  // namespace

Player player_of(const certspan_connector_type& real, std::uint32_t concurrency) {
  Player player;
  player.runs_waits = (real.flags & CERTSPAN_TYPE_RUNS_WAITS) != 0;
  player.concurrency = concurrency;
  if (const auto* issuer = interface_of<certspan_role_issuer>(real)) {
    player.local_effects = (issuer->flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0;
    player.idempotent = (issuer->flags & CERTSPAN_ISSUER_IDEMPOTENT) != 0;
    player.has_poll = issuer->poll != nullptr;
    player.has_lookup = issuer->lookup != nullptr;
    player.has_cancel = issuer->cancel != nullptr;
  }
  return player;
}

void check_scripts(const Config& config, const Cast& cast, Faults& faults) {
  for (const TestConfig& test : config.tests) {
    for (const ActorConfig& actor : test.connectors) {
      const auto player = cast.find(actor.name.name);
      if (player == cast.end()) continue;  // its plugin is missing, which has been reported
      for (const AnswerConfig& answer : actor.answers) {
        check_answer(actor.name.name, player->second, answer, faults);
      }
    }
  }
}

}  // namespace certspan
