#include "plugins/ndes/minting/mint_desk.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "plugins/common/connector/duration.hpp"
#include "plugins/ndes/client_address.hpp"
#include "plugins/ndes/minting/mint_answers.hpp"
#include "plugins/ndes/minting/mint_request.hpp"
#include "plugins/ndes/minting/ndes_page.hpp"

namespace certspan::scep {
namespace {

constexpr std::uint64_t kNoBody = 0;
constexpr std::uint32_t kFullRetryAfterSeconds = 60;
constexpr std::uint32_t kStoreRetryAfterSeconds = 10;
constexpr std::string_view kStoreFault = "the challenge can't be written down now; try again";
constexpr std::string_view kBasic = R"(Basic realm="certspan", charset="UTF-8")";

std::int64_t ms_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

void wipe(MintedChallenge& minted) {
  pki::wipe(minted.challenge.data(), minted.challenge.size());
}

// A browser that knows the password sends no JSON to another site without asking it first; text and forms it
// does.
bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return std::ranges::equal(type, std::string_view("application/json"), {}, lower);
}

// The value of `profile=` in a query; the first one counts.
std::optional<std::string> asked_profile(std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (pair.starts_with("profile=")) return std::string(pair.substr(pair.find('=') + 1));
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return std::nullopt;
}

}  // namespace

void MintDesk::open(sdk::Faults& faults) const {
  const MintSettings& mint = settings_.mint;
  const auto add = [&](const std::string& path, std::uint64_t max_body, const char* pointer) {
    if (path.empty()) return;
    if (host_.add_route(mint.listener, path, max_body, CERTSPAN_ROUTE_AUTHORIZATION) != sdk::Outcome::Ok)
      faults.add(pointer, "the host does not grant this path to the connector");
  };
  add(mint.path, kLargestMintRequest, "/mint/path");
  add(mint.ndes_page, kNoBody, "/mint/ndes_page");
}

// A route takes what is below it too, where nothing is.
void MintDesk::handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  const MintSettings& mint = settings_.mint;
  const std::string_view path = request.path();
  if (!mint.path.empty() && path == mint.path) return answer_api(request, exchange);
  if (!mint.ndes_page.empty() && (path == mint.ndes_page || path == mint.ndes_page + "/"))
    return answer_page(request, exchange);
  respond_line(exchange, 404, "there is nothing here");
}

void MintDesk::answer_api(const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  if (request.method() != "POST") {
    const sdk::Label allow[] = {{"Allow", "POST"}};
    return respond_fault(exchange,
                         {.status = 405, .code = "mint.method", .message = "use POST", .fields = allow});
  }
  const Account* account = admit(Door::Api, request, exchange);
  if (account != nullptr) api_for({*account, without_port(request.remote_address())}, request, exchange);
}

void MintDesk::answer_page(const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  if (request.method() != "GET" && request.method() != "HEAD") {
    const sdk::Label allow[] = {{"Allow", "GET, HEAD"}};
    return respond_line(exchange, 405, "use GET", 0, allow);
  }
  const Account* account = admit(Door::NdesPage, request, exchange);
  if (account != nullptr) page_for({*account, without_port(request.remote_address())}, request, exchange);
}

// Asking without a password is no try: some clients always do so first, to hear which schemes there are.
const Account* MintDesk::admit(Door door, const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  const std::string_view address = without_port(request.remote_address());
  const Credentials credentials = parse_credentials(request.authorization());
  const bool api = door == Door::Api;
  if (credentials.kind != CredentialKind::None) {
    if (const auto wait = limiter_.wait(address, host_.now()); wait.count() > 0) {
      constexpr std::string_view kTooMany = "too many wrong passwords from this address in the last minute";
      const auto seconds = static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
      if (!api) return respond_line(exchange, 429, kTooMany, seconds), nullptr;
      respond_fault(
          exchange,
          {.status = 429, .code = "mint.too_many_tries", .message = kTooMany, .retry_after_s = seconds});
      return nullptr;
    }
    const bool spoken = api || credentials.kind == CredentialKind::Password;
    if (const Account* account = spoken ? accounts_.find(credentials) : nullptr) return account;
    limiter_.count_wrong(address, host_.now());
    // Not the name: people type a password there.
    log_refusal("", address, "wrong name, password or token");
  }
  std::vector<sdk::Label> schemes = {{"WWW-Authenticate", std::string(kBasic)}};
  if (!api) return respond_line(exchange, 401, "name and password are needed", 0, schemes), nullptr;
  schemes.push_back({"WWW-Authenticate", R"(Bearer realm="certspan")"});
  respond_fault(exchange, {.status = 401,
                           .code = "mint.unauthorized",
                           .message = "name and password, or a token, are needed",
                           .fields = schemes});
  return nullptr;
}

void MintDesk::api_for(const Caller& caller, const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  if (!is_json(request.content_type())) {
    return respond_fault(
        exchange,
        {.status = 415, .code = "mint.bad_request", .message = "the body must be application/json"});
  }
  const auto bad = [&](std::string_view pointer, std::string_view message) {
    respond_fault(exchange, {.code = "mint.bad_request", .message = message, .pointer = pointer});
  };
  auto wish = parse_mint_request(sdk::text_of(request.body()));
  if (!wish) return bad(wish.error().pointer, wish.error().message);
  wish->profile = caller.account.profile_for(wish->profile);
  if (!wish->profile) {
    log_refusal(caller.account.name, caller.address, "asks for a profile that is not its own");
    return respond_fault(exchange, {.status = 403,
                                    .code = "mint.not_allowed",
                                    .message = "this account may not mint for that profile",
                                    .pointer = "/profile"});
  }
  ChallengeOrder order = order_for(caller.account);
  // The first fault is the answer; those after it find the exchange ended.
  if (!read_order(*wish, order, bad)) return;
  Minted minted = mint(caller, order);
  if (minted.challenge) {
    respond_minted(exchange, *minted.challenge, order.binding);
    return wipe(*minted.challenge);
  }
  if (minted.why == NotMinted::Full) {
    return respond_fault(
        exchange, {.status = 503,
                   .code = "mint.too_many_open",
                   .message = "as many challenges are open as may be; some must be spent or expire first",
                   .retry_after_s = kFullRetryAfterSeconds});
  }
  respond_fault(exchange, {.status = 503,
                           .code = "mint.store",
                           .message = kStoreFault,
                           .retry_after_s = kStoreRetryAfterSeconds});
}

void MintDesk::page_for(const Caller& caller, const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  const auto profile = caller.account.profile_for(asked_profile(request.query()));
  if (!profile) {
    log_refusal(caller.account.name, caller.address, "asks for a profile that is not its own");
    return respond_page(exchange, page_with_sentence(kNotPermittedSentence));
  }
  // Looking at the head alone mints nothing; the page is as long as it would be.
  if (request.method() == "HEAD") {
    return respond_page(exchange,
                        page_with_challenge({"0000000000000000", thumbprints(), settings_.lifetime_ms}));
  }
  ChallengeOrder order = order_for(caller.account);
  order.binding.profile = *profile;
  order.shape = ChallengeShape::OfNdes;
  Minted minted = mint(caller, order);
  if (minted.challenge) {
    respond_page(exchange,
                 page_with_challenge({minted.challenge->challenge, thumbprints(), settings_.lifetime_ms}));
    return wipe(*minted.challenge);
  }
  if (minted.why == NotMinted::Full) return respond_page(exchange, page_with_sentence(kCacheFullSentence));
  respond_line(exchange, 503, kStoreFault, kStoreRetryAfterSeconds);
}

ChallengeOrder MintDesk::order_for(const Account& account) const {
  ChallengeOrder order;
  order.binding.endpoint = account.endpoint.empty() ? settings_.endpoint : account.endpoint;
  order.lifetime_ms = settings_.lifetime_ms;
  return order;
}

MintDesk::Minted MintDesk::mint(const Caller& caller, const ChallengeOrder& order) {
  Minted result;
  result.challenge = mint_unless_full(order, ms_of(host_.wall_now()), result.why);
  if (!result.challenge) {
    const bool full = result.why == NotMinted::Full;
    log_refusal(caller.account.name, caller.address,
                full ? "too many challenges are open" : "the store can't be used");
    return result;
  }
  host_.log(sdk::LogLevel::Info, "challenge minted",
            {{"account", caller.account.name},
             {"address", caller.address},
             {"challenge", result.challenge->id},
             {"profile", order.binding.profile},
             {"endpoint", order.binding.endpoint},
             {"device", order.device},
             {"expires", connector::format_utc(result.challenge->expires_ms / 1000)}});
  return result;
}

std::optional<MintedChallenge> MintDesk::mint_unless_full(const ChallengeOrder& order, std::int64_t now_ms,
                                                          NotMinted& why) {
  const std::lock_guard lock(minting_);
  const auto full = open_.full(book_, settings_.mint.most_open, now_ms);
  why = full && *full ? NotMinted::Full : NotMinted::NoStore;
  if (!full || *full) return std::nullopt;
  book_.forget_ended(now_ms);
  auto minted = book_.mint(order, now_ms);
  if (minted) open_.minted(minted->expires_ms);
  return minted;
}

// Of the CAs that issue here. One that can't tell now is left out: nobody enrols by a thumbprint.
std::vector<std::string> MintDesk::thumbprints() const {
  std::vector<std::string> found;
  std::string last;
  // An outcome that is not Ok gives nothing, or less.
  (void)host_.issuer_chains("", [&](std::string_view issuer, sdk::Bytes certificate) {
    // Each chain begins with the one that issues.
    if (issuer == last) return;
    last = issuer;
    std::string thumbprint = page_thumbprint(certificate);
    if (std::ranges::find(found, thumbprint) == found.end()) found.push_back(std::move(thumbprint));
  });
  return found;
}

void MintDesk::log_refusal(std::string_view account, std::string_view address,
                           std::string_view reason) const {
  host_.log(sdk::LogLevel::Warn, "challenge not minted",
            {{"account", account}, {"address", address}, {"reason", reason}});
}

}  // namespace certspan::scep
