#include "plugins/ndes/minting/mint_settings.hpp"

#include <set>

#include "plugins/common/pki/text.hpp"

namespace certspan::scep {

MintSettings MintSettings::read(const JsonSettings& settings) {
  MintSettings result;
  result.on = settings.has("/mint");
  result.listener = settings.text("/mint/listener");
  result.path = settings.text("/mint/path");
  result.ndes_page = settings.text("/mint/ndes_page");
  result.most_open = static_cast<std::size_t>(
      settings.number("/mint/most_open", static_cast<std::int64_t>(kDefaultMostOpen)));
  const nlohmann::json mint = settings.object("/mint");
  for (const auto& element : mint.value("accounts", nlohmann::json::array())) {
    const JsonSettings account(element.dump());
    result.accounts.push_back({.name = account.text("/name"),
                               .password = account.text("/password"),
                               .token = account.text("/token"),
                               .profiles = account.texts("/profiles"),
                               .endpoint = account.text("/endpoint")});
  }
  return result;
}

void check_mint_settings(const MintSettings& settings, sdk::Faults& faults) {
  if (!settings.path.empty() && settings.path == settings.ndes_page)
    faults.add("/mint/ndes_page", "is the path of the API too; give it another one");
  std::set<std::string> names;
  for (std::size_t i = 0; i < settings.accounts.size(); ++i) {
    const AccountSettings& account = settings.accounts[i];
    const std::string place = "/mint/accounts/" + std::to_string(i);
    if (!names.insert(account.name).second)
      faults.add(place + "/name", "there are two accounts \"" + account.name + "\"");
    if (account.name.find(':') != std::string::npos || pki::has_hidden_character(account.name)) {
      faults.add(place + "/name",
                 "has a colon or a hidden character, which no client can send as a user name");
    }
    // The page knows Basic authentication alone.
    if (settings.path.empty() && account.password.empty())
      faults.add(place, "has a token and no password, but only the API takes tokens, and it has no path");
  }
}

}  // namespace certspan::scep
