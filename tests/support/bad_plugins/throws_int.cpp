#include "minimal_plugin.h"

namespace {

struct Licence {
  Licence() { throw 7; }
};
const Licence kLicence;

}  // namespace
