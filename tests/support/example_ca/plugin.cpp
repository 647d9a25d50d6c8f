#include <certspan/plugin.hpp>

#include "example_ca.hpp"

CERTSPAN_PLUGIN(example_ca::ExampleCa)
