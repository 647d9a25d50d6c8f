#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include <certspan/abi/plugin.h>

#include "host/config/check_types.hpp"
#include "host/config/fault.hpp"

namespace certspan {

/// What the pipelines can see of a connector's type: a scripted connector in its place has the same, so that
/// the engine decides as it would with the real one.
struct Player {
  bool runs_waits = false;
  bool local_effects = false;
  bool idempotent = false;
  bool has_poll = false;
  bool has_lookup = false;
  bool has_cancel = false;
  std::uint32_t concurrency = 1;
};

/// By connector name.
using Cast = std::map<std::string, Player, std::less<>>;

Player player_of(const certspan_connector_type& real, std::uint32_t concurrency);

/// What must hold of `tests:` once the types are known: nothing is scripted that a connector's type never
/// does.
void check_scripts(const Config& config, const Cast& cast, Faults& faults);

}  // namespace certspan
