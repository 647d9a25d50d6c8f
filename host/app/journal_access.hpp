#pragma once

#include <cstdint>
#include <memory>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

/// Reads the sealing keys that a configuration names. Errors: those of read_secret; journal.key.
Result<ConfiguredKeys> configured_keys(const HostSection& host);

/// What is wrong with them, as far as this process can read them, at their places.
void check_configured_keys(const HostSection& host, Faults& faults);

/// What a command wants of a journal whose host is down.
enum class Offline : std::uint8_t {
  Read,         ///< items without their secrets; needs no key
  ReadSecrets,  ///< changes nothing either
  Write,
};

/// Opens it. `clock` outlives the journal. Errors: those of configured_keys and open_journal.
Result<std::unique_ptr<Journal>> open_offline(const Config& config, Offline what, const Clock& clock);

}  // namespace certspan
