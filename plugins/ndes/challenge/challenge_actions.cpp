#include "plugins/ndes/challenge/challenge_actions.hpp"

#include <arpa/inet.h>

#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/text.hpp"
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

/// The name as a request is described that asks for it; nullopt for one that no request can spell.
std::optional<std::string> name_in_requests(const std::string& text) {
  using Kind = pki::GeneralNameKind;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return std::nullopt;
  const std::string_view kind = std::string_view(text).substr(0, colon);
  const std::string value = text.substr(colon + 1);
  if (kind == pki::general_name_kind_name(Kind::Ip)) {
    std::string octets(value.find(':') == std::string::npos ? 4 : 16, '\0');
    if (inet_pton(octets.size() == 4 ? AF_INET : AF_INET6, value.c_str(), octets.data()) != 1)
      return std::nullopt;
    return pki::to_string({Kind::Ip, octets, {}});
  }
  for (const Kind known : {Kind::Dns, Kind::Email, Kind::Uri, Kind::Upn}) {
    if (kind != pki::general_name_kind_name(known)) continue;
    const pki::GeneralName name{known, value, {}};
    return pki::check_general_name(name) ? std::optional(pki::to_string(name)) : std::nullopt;
  }
  return std::nullopt;
}

/// Names are compared as they are shown, where neither stands as itself; U+FFFD is what became of broken
/// UTF-8.
bool can_be_shown(std::string_view text) {
  return !pki::has_hidden_character(text) && text.find("\xEF\xBF\xBD") == std::string_view::npos;
}

/// Fills `binding`. Whoever binds to an empty text (a script's variable that was never set) wants a bound
/// challenge, and would get one that is good for everything.
bool read_binding(const JsonSettings& arguments, ChallengeBinding& binding, sdk::Faults& faults) {
  bool good = true;
  const auto wrong = [&](const std::string& pointer, const std::string& message) {
    faults.add(pointer, message);
    good = false;
  };
  for (const char* pointer : {"/endpoint", "/profile", "/subject"}) {
    if (arguments.has(pointer) && arguments.text(pointer).empty())
      wrong(pointer, "is empty; leave it out to bind nothing");
    if (!can_be_shown(arguments.text(pointer)))
      wrong(pointer, "has a hidden character or broken UTF-8, which no request would fit");
  }
  binding.endpoint = arguments.text("/endpoint", binding.endpoint);
  binding.profile = arguments.text("/profile", binding.profile);
  binding.subject = arguments.text("/subject");
  if (!arguments.has("/san")) return good;
  binding.san.emplace();
  for (const std::string& text : arguments.texts("/san")) {
    if (auto name = name_in_requests(text)) {
      binding.san->push_back(std::move(*name));
    } else {
      wrong("/san", "\"" + text + "\" is no alternative name; write dns:host, email:user@host, " +
                        "upn:user@suffix, ip:address or uri:scheme:rest");
    }
  }
  return good;
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
  ChallengeBinding binding;
  binding.endpoint = settings.endpoint;
  binding.profile = settings.profile;
  if (!read_binding(arguments, binding, faults)) return std::nullopt;
  book.forget_ended(now_ms);
  auto minted = book.mint(binding, now_ms, lifetime_ms);
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
