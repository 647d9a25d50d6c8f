// What whoever mints a challenge wants it bound to, checked: the same on the command line and over HTTP.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/ndes/challenge/challenge_book.hpp"

namespace certspan::scep {

// As it was written. What is absent binds nothing, or as the settings say.
struct ChallengeWish {
  std::optional<std::string> endpoint;
  std::optional<std::string> profile;
  std::optional<std::string> subject;
  std::optional<std::vector<std::string>> san;
  std::optional<std::string> device;
};

// Where ("/san") and what is wrong; the message may hold what was written, which is no secret.
using BindingFault = std::function<void(std::string_view pointer, std::string_view message)>;

inline constexpr std::size_t kLongestDevice = 128;  // characters

// Puts the wish into the order; false: `fault` was told why not. Whoever binds to an empty text (a script's
// variable that was never set) wants a bound challenge, and would get one that is good for everything.
bool read_order(const ChallengeWish& wish, ChallengeOrder& order, const BindingFault& fault);

}  // namespace certspan::scep
