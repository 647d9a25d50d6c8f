#pragma once

#include <string>

#include "host/config/type_catalog.hpp"

namespace certspan {

/// The JSON Schema (draft 7) of the configuration file, for editors: the file's own grammar, and for each
/// connector type of the catalog what may stand in its settings (`if` plugin and type, `then` settings). It
/// accepts every file that the host accepts, and catches most of what it refuses; names that refer to each
/// other are for `certspan check`.
std::string config_schema(const TypeCatalog& catalog);

}  // namespace certspan
