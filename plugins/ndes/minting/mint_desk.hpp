// Mints one-time challenges over HTTP, for programs that have an account.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <certspan/faults.hpp>
#include <certspan/host.hpp>
#include <certspan/http.hpp>

#include "plugins/ndes/challenge/challenge_binding.hpp"
#include "plugins/ndes/challenge/challenge_book.hpp"
#include "plugins/ndes/challenge/challenge_settings.hpp"
#include "plugins/ndes/challenge/try_limiter.hpp"
#include "plugins/ndes/minting/accounts.hpp"
#include "plugins/ndes/minting/open_challenges.hpp"

namespace certspan::scep {

// Two doors to one book: the API (`path`) and the admin page of NDES (`ndes_page`). Wrong passwords and
// tokens count for each address, right ones never do. `handle` may run on many threads at once.
class MintDesk {
 public:
  // `minting` guards all of the book but `spend`. Book, settings and guard outlive the desk.
  MintDesk(sdk::Host host, const ChallengeSettings& settings, ChallengeBook& book, std::mutex& minting,
           Accounts accounts)
      : host_(host), settings_(settings), book_(book), minting_(minting), accounts_(std::move(accounts)) {}

  // Registers the routes.
  void open(sdk::Faults& faults) const;
  void handle(const sdk::HttpRequest& request, sdk::Exchange& exchange);
  // Somebody else minted or took back a challenge. Precondition: `minting` is held.
  void book_changed() { open_.forget(); }

 private:
  enum class Door : std::uint8_t { Api, NdesPage };
  enum class NotMinted : std::uint8_t { Full, NoStore };
  struct Minted {
    std::optional<MintedChallenge> challenge;
    NotMinted why = NotMinted::NoStore;
  };
  // One who was let in.
  struct Caller {
    const Account& account;
    std::string_view address;
  };

  void answer_api(const sdk::HttpRequest& request, sdk::Exchange& exchange);
  void answer_page(const sdk::HttpRequest& request, sdk::Exchange& exchange);
  void page_for(const Caller& caller, const sdk::HttpRequest& request, sdk::Exchange& exchange);
  void api_for(const Caller& caller, const sdk::HttpRequest& request, sdk::Exchange& exchange);
  // Null: it has answered.
  const Account* admit(Door door, const sdk::HttpRequest& request, sdk::Exchange& exchange);
  Minted mint(const Caller& caller, const ChallengeOrder& order);
  std::optional<MintedChallenge> mint_unless_full(const ChallengeOrder& order, std::int64_t now_ms,
                                                  NotMinted& why);
  ChallengeOrder order_for(const Account& account) const;
  std::vector<std::string> thumbprints() const;
  void log_refusal(std::string_view account, std::string_view address, std::string_view reason) const;

  sdk::Host host_;
  const ChallengeSettings& settings_;
  ChallengeBook& book_;
  std::mutex& minting_;
  const Accounts accounts_;
  OpenChallenges open_;  // guarded by minting_
  TryLimiter limiter_;
};

}  // namespace certspan::scep
