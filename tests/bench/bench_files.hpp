#pragma once

#include <string>

namespace certspan::bench {

/// The whole file. Throws std::runtime_error.
std::string read_text(const std::string& path);

}  // namespace certspan::bench
