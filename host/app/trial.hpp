#pragma once

#include "host/app/deployment.hpp"
#include "host/config/fault.hpp"

namespace certspan {

/// What a start would find out and no look at the file tells: makes every connector and destroys it again,
/// starts none, and reads the listeners' certificates and keys. What can't be judged because this user may
/// not read a secret is left to the start; check_secrets_readable has warned of it.
void try_out(const CheckedConfig& checked, Faults& faults);

}  // namespace certspan
