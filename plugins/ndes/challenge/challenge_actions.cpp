#include "plugins/ndes/challenge/challenge_actions.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include <nlohmann/json.hpp>

#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {
namespace {

constexpr const char* kStoreFault = "the connector's store can't be used now; nothing was changed";

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::string> refuse(sdk::Faults& faults, std::string_view pointer, std::string_view message) {
  faults.add(pointer, message);
  return std::nullopt;
}

std::optional<std::string> run_new(ChallengeBook& book, const ChallengeSettings& settings,
                                   std::int64_t now_ms, const JsonSettings& arguments, sdk::Faults& faults) {
  std::int64_t lifetime_ms = settings.lifetime_ms;
  if (arguments.has("/lifetime")) {
    const auto given = parse_lifetime(arguments.text("/lifetime"));
    if (!given || *given > kLongestLifetimeMs) {
      return refuse(faults, "/lifetime", "write a number and a unit, such as 30m, 12h or 7d, of at most 90d");
    }
    lifetime_ms = *given;
  }
  ChallengeBinding binding;
  binding.endpoint = arguments.text("/endpoint", settings.endpoint);
  binding.profile = arguments.text("/profile", settings.profile);
  binding.subject = arguments.text("/subject");
  if (arguments.has("/san")) binding.san = arguments.texts("/san");
  book.forget_ended(now_ms);
  auto minted = book.mint(binding, now_ms, lifetime_ms);
  if (!minted) return refuse(faults, "", kStoreFault);
  std::string result =
      dump({{"challenge", minted->challenge}, {"id", minted->id}, {"expires", utc_text(minted->expires_ms)}});
  pki::wipe(minted->challenge.data(), minted->challenge.size());
  return result;
}

std::optional<std::string> run_list(const ChallengeBook& book, std::int64_t now_ms, sdk::Faults& faults) {
  const auto entries = book.list();
  if (!entries) return refuse(faults, "", kStoreFault);
  nlohmann::json challenges = nlohmann::json::array();
  for (const ChallengeEntry& entry : *entries) {
    const char* open_state = now_ms < entry.expires_ms ? "open" : "expired";
    nlohmann::json row = {{"id", entry.id},
                          {"state", entry.spent ? "spent" : open_state},
                          {"expires", utc_text(entry.expires_ms)},
                          {"endpoint", entry.binding.endpoint},
                          {"profile", entry.binding.profile},
                          {"subject", entry.binding.subject}};
    if (entry.binding.san) row["san"] = *entry.binding.san;
    challenges.push_back(std::move(row));
  }
  return dump({{"challenges", std::move(challenges)}});
}

std::optional<std::string> run_cancel(ChallengeBook& book, const JsonSettings& arguments,
                                      sdk::Faults& faults) {
  const std::string id = arguments.text("/id");
  switch (book.cancel(id)) {
    case CancelResult::Cancelled:
      return dump({{"cancelled", id}});
    case CancelResult::Unknown:
      return refuse(faults, "/id", "there is no challenge with this id; challenge_list shows them");
    case CancelResult::Ambiguous:
      return refuse(faults, "/id", "several challenges begin like this; write more of the id");
    case CancelResult::AlreadySpent:
      return refuse(faults, "/id", "this challenge was spent already; revoke the certificate instead");
    case CancelResult::StoreUnavailable:
      break;
  }
  return refuse(faults, "", kStoreFault);
}

}  // namespace

std::optional<std::string> run_challenge_action(ChallengeBook& book, const ChallengeSettings& settings,
                                                std::int64_t now_ms, std::string_view name,
                                                std::string_view arguments, sdk::Faults& faults) {
  const JsonSettings json(arguments);
  if (name == "challenge_new") return run_new(book, settings, now_ms, json, faults);
  if (name == "challenge_list") return run_list(book, now_ms, faults);
  if (name == "challenge_cancel") return run_cancel(book, json, faults);
  return refuse(faults, "", "there is no such action");
}

std::optional<std::int64_t> parse_lifetime(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  // The bound keeps the product within range; no lifetime comes near it.
  if (error != std::errc() || count <= 0 || count > 1'000'000 || unit.size() != 1) return std::nullopt;
  switch (unit.front()) {
    case 's':
      return count * 1000;
    case 'm':
      return count * 60 * 1000;
    case 'h':
      return count * 60 * 60 * 1000;
    case 'd':
      return count * 24 * 60 * 60 * 1000;
    default:
      return std::nullopt;
  }
}

std::string utc_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace certspan::scep
