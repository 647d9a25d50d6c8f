// The registration authorities that an endpoint had certified itself, in its store.
#pragma once

#include <cstddef>
#include <vector>

#include <certspan/store.hpp>

#include "plugins/ndes/scep_server/ra_identity.hpp"

namespace certspan::scep {

// Each with its key, in clear: whoever reads the host's data_dir could read a key file as well.
inline constexpr std::size_t kKeptRas = 8;

// The oldest first. Faults: Unavailable, the store can't be read; Malformed, what stands there is no RA.
pki::Result<std::vector<RaIdentity>> read_ras(const sdk::Store& store);

// Adds one after all others, and takes away the oldest beyond kKeptRas. Durable when it returns. Faults:
// Unavailable, Internal.
pki::Result<void> add_ra(const sdk::Store& store, const RaIdentity& ra);

}  // namespace certspan::scep
