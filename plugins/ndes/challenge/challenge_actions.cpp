#include "plugins/ndes/challenge/challenge_actions.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/ndes/challenge/challenge_binding.hpp"
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

std::optional<std::string> text_of(const JsonSettings& arguments, const char* pointer) {
  return arguments.has(pointer) ? std::optional(arguments.text(pointer)) : std::nullopt;
}

ChallengeWish wish_of(const JsonSettings& arguments) {
  ChallengeWish wish;
  wish.endpoint = text_of(arguments, "/endpoint");
  wish.profile = text_of(arguments, "/profile");
  wish.subject = text_of(arguments, "/subject");
  wish.device = text_of(arguments, "/device");
  if (arguments.has("/san")) wish.san = arguments.texts("/san");
  return wish;
}

std::optional<std::string> run_new(ChallengeBook& book, const ChallengeSettings& settings,
                                   std::int64_t now_ms, const JsonSettings& arguments, sdk::Faults& faults) {
  std::int64_t lifetime_ms = settings.lifetime_ms;
  if (arguments.has("/lifetime")) {
    const auto given = connector::parse_duration(arguments.text("/lifetime"));
    if (!given) return refuse(faults, "/lifetime", given.error().message);
    lifetime_ms = given->count();
    if (lifetime_ms < kShortestLifetimeMs || lifetime_ms > kLongestLifetimeMs) {
      return refuse(faults, "/lifetime", "must be from 1s to 90d");
    }
  }
  ChallengeOrder order;
  order.binding.endpoint = settings.endpoint;
  order.binding.profile = settings.profile;
  order.lifetime_ms = lifetime_ms;
  const BindingFault report = [&](std::string_view pointer, std::string_view message) {
    faults.add(pointer, message);
  };
  if (!read_order(wish_of(arguments), order, report)) return std::nullopt;
  book.forget_ended(now_ms);
  auto minted = book.mint(order, now_ms);
  if (!minted) return refuse(faults, "", kStoreFault);
  std::string result = dump({{"challenge", minted->challenge},
                             {"id", minted->id},
                             {"expires", connector::format_utc(minted->expires_ms / 1000)}});
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
                          {"expires", connector::format_utc(entry.expires_ms / 1000)},
                          {"endpoint", entry.binding.endpoint},
                          {"profile", entry.binding.profile},
                          {"subject", entry.binding.subject}};
    if (entry.binding.san) row["san"] = *entry.binding.san;
    if (!entry.device.empty()) row["device"] = entry.device;
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

}  // namespace certspan::scep
