#pragma once

#include <string_view>

namespace certspan {

/// What people read in docs/, as the build found it: `certspan explain` tells the same, so that no sentence
/// stands in two places.
struct Documents {
  std::string_view codes;
  std::string_view command_line;
  std::string_view events;
  std::string_view intune;
};

const Documents& documents();

}  // namespace certspan
