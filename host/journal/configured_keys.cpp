#include "host/journal/configured_keys.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <openssl/crypto.h>

#include "host/base/secret.hpp"

namespace certspan {

Result<SealingKey> read_sealing_key(BytesView secret, std::string_view what) {
  SealingKey::Value value{};
  auto octets = from_hex({reinterpret_cast<const char*>(secret.data()), secret.size()});
  if (!octets || octets->size() != value.size()) {
    return fail(Outcome::Invalid, "journal.key",
                std::string(what) + " is not 64 hexadecimal digits: `openssl rand -hex 32` makes such a key");
  }
  const Secret wiped(std::move(*octets));
  std::ranges::copy(wiped.reveal(), value.begin());
  SealingKey key(value);
  OPENSSL_cleanse(value.data(), value.size());
  return key;
}

}  // namespace certspan
