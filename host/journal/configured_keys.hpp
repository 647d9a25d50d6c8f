#pragma once

#include <optional>
#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/journal/key_derivation.hpp"

namespace certspan {

/// Master keys that do not stand beside the journal: the configuration names them.
struct ConfiguredKeys {
  std::optional<SealingKey> current{};   ///< without it the key stands in the journal's directory
  std::optional<SealingKey> previous{};  ///< what it was, until a rotation has taken the journal over
};

/// The key in a secret of 64 hexadecimal digits. Errors: journal.key, which does not repeat the secret;
/// `what` names it.
Result<SealingKey> read_sealing_key(BytesView secret, std::string_view what);

}  // namespace certspan
