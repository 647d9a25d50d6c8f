#include "plugins/ndes/challenge/challenge.hpp"

#include <algorithm>

#include "plugins/common/connector/labels.hpp"
#include "plugins/common/connector/vouched.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/random.hpp"
#include "plugins/common/pki/security_identifier.hpp"

namespace certspan::scep {
namespace {

std::int64_t to_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// "" if there is none or more than one: a second one could say who the device really wants to be.
std::string only_common_name(const pki::Name& name) {
  std::string common_name;
  int count = 0;
  for (const pki::Rdn& rdn : name.rdns) {
    for (const pki::NameAttribute& attribute : rdn) {
      if (attribute.type != pki::oids::kCommonName) continue;
      common_name = attribute.value;
      ++count;
    }
  }
  return count == 1 ? common_name : std::string();
}

// What the request asks for, in the words in which a challenge may be bound. nullopt: malformed.
std::optional<ChallengeUse> describe(const pki::CertificateRequest& request, const sdk::Item& item) {
  ChallengeUse use;
  use.endpoint = item.source();
  use.profile = item.profile().empty() ? item.label("profile").value_or("") : item.profile();
  use.item_key = item.key();
  const auto name = pki::parse_name(request.subject());
  if (!name) return std::nullopt;
  use.subject = pki::to_string(*name);
  use.common_name = only_common_name(*name);
  const auto* extension = pki::find_extension(request.extensions(), pki::oids::kSubjectAltName);
  if (extension == nullptr) return use;
  const auto names = pki::parse_general_names(extension->value);
  if (!names) return std::nullopt;
  for (const pki::GeneralName& alternative : *names) {
    use.san.push_back(pki::to_string(alternative));
    use.names_a_sid = use.names_a_sid || pki::may_name_a_sid(alternative);
  }
  return use;
}

bool names_user(const std::vector<std::string>& san) {
  return std::ranges::any_of(san, [](const std::string& name) { return name.starts_with("upn:"); });
}

sdk::Answer answer_of(SpendResult result) {
  switch (result) {
    case SpendResult::Spent:
      return sdk::Answer::ok();
    case SpendResult::Unknown:
      return sdk::Answer::rejected("challenge.unknown", "the challenge is none of ours");
    case SpendResult::SpentByAnother:
      return sdk::Answer::rejected("challenge.spent", "the challenge was spent by another request before");
    case SpendResult::Expired:
      return sdk::Answer::rejected("challenge.expired", "the challenge has expired; mint a new one");
    case SpendResult::WrongEndpoint:
      return sdk::Answer::rejected("challenge.wrong_endpoint", "the challenge is bound to another source");
    case SpendResult::WrongProfile:
      return sdk::Answer::rejected("challenge.wrong_profile", "the challenge is bound to another profile");
    case SpendResult::WrongSubject:
      return sdk::Answer::rejected("challenge.wrong_subject",
                                   "the challenge is bound to another subject or alternative name");
    case SpendResult::UnboundUser:
      return sdk::Answer::rejected("challenge.unbound_user",
                                   "the request names a user, and its challenge was not minted for that "
                                   "name: whoever has it could be anybody");
    case SpendResult::StoreUnavailable:
      break;
  }
  return sdk::Answer::unavailable("challenge.store", "the connector's store can't be used now");
}

}  // namespace

bool Challenge::validate_settings(std::string_view settings, sdk::Faults& faults) {
  const auto read = ChallengeSettings::read(settings);
  if (read.static_token.empty() && !read.one_time)
    faults.add("", "say static or one_time: nothing could pass");
  if (read.mint.on && !read.one_time)
    faults.add("/mint", "mints one-time challenges, which this connector does not take; add one_time");
  check_mint_settings(read.mint, faults);
  return !faults.any();
}

Challenge::Challenge(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), settings_(ChallengeSettings::read(settings)), static_key_(pki::random_octets<32>()) {}

bool Challenge::start(sdk::Faults& faults) {
  if (!settings_.static_token.empty()) {
    const auto secret = host_.open_secret(settings_.static_token);
    if (!secret || secret->empty()) {
      faults.add("/static", "the reference opens to nothing");
    } else {
      // Only a hash is kept, under a key of this process; comparing hashes also hides the length.
      static_hash_ = keyed_hash(static_key_, secret->reveal());
    }
  }
  if (settings_.one_time) {
    book_ = ChallengeBook::open(host_.store());
    if (!book_) faults.add("/one_time", "the connector's store can't be used");
  }
  if (settings_.mint.on && book_) {
    auto accounts = Accounts::open(host_, settings_.mint, faults);
    if (accounts)
      desk_ = std::make_unique<MintDesk>(host_, settings_, *book_, minting_, std::move(*accounts));
  }
  return !faults.any();
}

sdk::Answer Challenge::validate(const sdk::Item& item) {
  const auto request = pki::parse_certificate_request(item.request(), {.danger_allow_sha1 = true});
  if (!request) return sdk::Answer::invalid("challenge.bad_request", "the certificate request can't be read");
  const pki::SecretBytes* challenge = request->challenge_password();
  if (challenge == nullptr || challenge->empty()) {
    return sdk::Answer::rejected("challenge.missing", "the request holds no challenge password");
  }
  const std::string_view address = item.label("address").value_or("");
  if (!address.empty()) {
    // Put off and not refused: a refusal would be remembered, also that of the right challenge.
    const auto wait = limiter_.wait(address, host_.now());
    if (wait.count() > 0) {
      return sdk::Answer::throttled("challenge.too_many_tries",
                                    "too many wrong challenges from this address in the last minute", wait);
    }
  }
  sdk::Answer answer = judge(challenge->reveal_text(), *request, item);
  if (answer.code() == "challenge.unknown" && !address.empty()) limiter_.count_wrong(address, host_.now());
  return answer;
}

bool Challenge::open_intake(sdk::Faults& faults) {
  if (desk_) desk_->open(faults);
  return !faults.any();
}

void Challenge::handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  if (desk_) desk_->handle(request, exchange);
}

// Nothing is ever submitted.
void Challenge::reply(const sdk::Reply& /*reply*/, sdk::Bytes /*context*/, sdk::Exchange& exchange) {
  exchange.respond({.status = 500});
}

bool Challenge::is_static(std::string_view challenge) const {
  return static_hash_ &&
         equal_in_constant_time(*static_hash_, keyed_hash(static_key_, pki::as_bytes(challenge)));
}

sdk::Answer Challenge::judge(std::string_view challenge, const pki::CertificateRequest& request,
                             const sdk::Item& item) {
  auto use = describe(request, item);
  const bool unbound_user = use && !settings_.danger_unbound_users && names_user(use->san);
  // What can't be read is the fence's to refuse, and so is a SID that nobody vouches for.
  if (is_static(challenge)) return answer_of(unbound_user ? SpendResult::UnboundUser : SpendResult::Spent);
  if (!book_) return answer_of(SpendResult::Unknown);
  if (!use) return sdk::Answer::invalid("challenge.bad_request", "the names in the request can't be read");
  use->user_must_be_bound = unbound_user || use->names_a_sid;
  SpentChallenge spent;
  const SpendResult result = book_->spend(challenge, *use, to_ms(host_.wall_now()), spent);
  sdk::Answer answer = answer_of(result);
  if (result != SpendResult::Spent) return answer;
  answer.add_label("challenge", spent.id);
  if (!spent.device.empty() && spent.device.size() <= connector::kLongestLabel)
    answer.add_label("device", spent.device);
  // It was minted for these very names.
  connector::vouch_for_sid(request, answer);
  return answer;
}

std::optional<std::string> Challenge::run_action(std::string_view name, std::string_view arguments,
                                                 sdk::Faults& faults) {
  if (!book_) {
    faults.add("", "this connector has no one-time challenges; add one_time to its settings");
    return std::nullopt;
  }
  const std::lock_guard lock(minting_);
  if (desk_) desk_->book_changed();
  return run_challenge_action(*book_, settings_, to_ms(host_.wall_now()), name, arguments, faults);
}

}  // namespace certspan::scep
