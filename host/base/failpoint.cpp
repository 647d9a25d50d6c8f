#include "host/base/failpoint.hpp"

#if defined(CERTSPAN_FAILPOINTS)

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include <atomic>

namespace certspan {
namespace {

struct Armed {
  std::string name;
  int pass = 1;
};

Armed armed_from_environment() {
  const char* text = std::getenv("CERTSPAN_FAILPOINT");
  if (text == nullptr) return {};
  const std::string_view value(text);
  const auto colon = value.find(':');
  if (colon == std::string_view::npos) return {std::string(value), 1};
  return {std::string(value.substr(0, colon)), std::atoi(text + colon + 1)};
}

}  // namespace

void failpoint_reached(const char* name) {
  static const Armed armed = armed_from_environment();
  static std::atomic<int> passes{0};
  if (armed.name != name) return;
  if (++passes == armed.pass) ::raise(SIGKILL);
}

}  // namespace certspan

#endif
