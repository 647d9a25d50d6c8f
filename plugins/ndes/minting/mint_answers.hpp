// The HTTP side of minting.
#pragma once

#include <span>
#include <string_view>

#include <certspan/http.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/ndes/challenge/challenge_book.hpp"

namespace certspan::scep {

// Why the API said no: a code for programs, a sentence for people, and a place in the body, "" for none.
struct ApiFault {
  std::uint32_t status = 400;
  std::string_view code;
  std::string_view message;
  std::string_view pointer = {};
  std::uint32_t retry_after_s = 0;
  std::span<const sdk::Label> fields = {};
};

// {"error": {"code", "message", "at"}}
void respond_fault(sdk::Exchange& exchange, const ApiFault& fault);

// 201 {"challenge", "id", "expires", "profile", "endpoint"}
void respond_minted(sdk::Exchange& exchange, const MintedChallenge& minted, const ChallengeBinding& binding);

// 200, whatever the page says; wiped.
void respond_page(sdk::Exchange& exchange, pki::Bytes page);

// One line of text, for what the page can't say.
void respond_line(sdk::Exchange& exchange, std::uint32_t status, std::string_view line,
                  std::uint32_t retry_after_s = 0, std::span<const sdk::Label> others = {});

}  // namespace certspan::scep
