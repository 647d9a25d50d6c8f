// Who may mint challenges over HTTP, and how they are known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/faults.hpp>
#include <certspan/host.hpp>

#include "plugins/ndes/keyed_hash.hpp"
#include "plugins/ndes/minting/credentials.hpp"
#include "plugins/ndes/minting/mint_settings.hpp"

namespace certspan::scep {

struct Account {
  std::string name;
  std::vector<std::string> profiles;  // at least one
  std::string endpoint;

  // The profile that is meant, or nullopt if it may not mint for that.
  std::optional<std::string> profile_for(const std::optional<std::string>& asked) const;
};

// Keeps hashes of passwords and tokens, under a key of this process; what is presented is hashed and compared
// with all of them, so time tells neither a length nor which accounts there are. Immutable; thread-safe.
class Accounts {
 public:
  // Opens the references of the settings; nullopt: `faults` say which can't be used.
  static std::optional<Accounts> open(const sdk::Host& host, const MintSettings& settings,
                                      sdk::Faults& faults);

  // Null: none has these.
  const Account* find(const Credentials& credentials) const;

 private:
  struct Entry {
    Account account;
    std::optional<KeyedHashValue> password;
    std::optional<KeyedHashValue> token;
  };

  Accounts();
  std::optional<KeyedHashValue> hash_of(const sdk::Host& host, const std::string& reference,
                                        const std::string& place, sdk::Faults& faults) const;

  HashKey key_;
  std::vector<Entry> entries_;
};

}  // namespace certspan::scep
