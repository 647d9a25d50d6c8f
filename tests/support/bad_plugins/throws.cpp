#include <stdexcept>

#include "minimal_plugin.h"

namespace {

struct Licence {
  Licence() { throw std::runtime_error("no licence file"); }
};
const Licence kLicence;

}  // namespace
