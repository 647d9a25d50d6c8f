#include "host/base/wall_text.hpp"

#include <time.h>

#include <string>

namespace certspan {

std::optional<WallMs> read_wall_text(std::string_view text) {
  std::tm time{};
  const std::string terminated(text);
  const char* rest = ::strptime(terminated.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return WallMs{::timegm(&time)} * 1000;
}

}  // namespace certspan
