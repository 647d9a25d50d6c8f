#include "plugins/ndes/minting/accounts.hpp"

#include <algorithm>

#include "plugins/common/pki/random.hpp"

namespace certspan::scep {

std::optional<std::string> Account::profile_for(const std::optional<std::string>& asked) const {
  if (!asked) return profiles.front();
  return std::ranges::find(profiles, *asked) != profiles.end() ? asked : std::nullopt;
}

Accounts::Accounts() : key_(pki::random_octets<32>()) {}

std::optional<Accounts> Accounts::open(const sdk::Host& host, const MintSettings& settings,
                                       sdk::Faults& faults) {
  Accounts accounts;
  for (std::size_t i = 0; i < settings.accounts.size(); ++i) {
    const AccountSettings& written = settings.accounts[i];
    const std::string place = "/mint/accounts/" + std::to_string(i);
    Entry entry{.account = {written.name, written.profiles, written.endpoint},
                .password = accounts.hash_of(host, written.password, place + "/password", faults),
                .token = accounts.hash_of(host, written.token, place + "/token", faults)};
    for (const Entry& other : accounts.entries_) {
      if (entry.token && other.token && equal_in_constant_time(*entry.token, *other.token))
        faults.add(place + "/token", "is the token of account \"" + other.account.name + "\" too");
    }
    accounts.entries_.push_back(std::move(entry));
  }
  return faults.any() ? std::nullopt : std::optional(std::move(accounts));
}

std::optional<KeyedHashValue> Accounts::hash_of(const sdk::Host& host, const std::string& reference,
                                                const std::string& place, sdk::Faults& faults) const {
  if (reference.empty()) return std::nullopt;
  const auto secret = host.open_secret(reference);
  if (secret && !secret->empty()) return keyed_hash(key_, secret->reveal());
  faults.add(place, "the reference opens to nothing");
  return std::nullopt;
}

const Account* Accounts::find(const Credentials& credentials) const {
  if (credentials.kind == CredentialKind::None) return nullptr;
  const bool by_password = credentials.kind == CredentialKind::Password;
  const KeyedHashValue presented = keyed_hash(key_, credentials.secret.reveal());
  const Account* found = nullptr;
  for (const Entry& entry : entries_) {
    const auto& held = by_password ? entry.password : entry.token;
    const bool fits = equal_in_constant_time(held.value_or(KeyedHashValue{}), presented) && held.has_value();
    if (fits && (!by_password || entry.account.name == credentials.user)) found = &entry.account;
  }
  return found;
}

}  // namespace certspan::scep
