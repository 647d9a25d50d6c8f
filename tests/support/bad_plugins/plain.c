#include "minimal_plugin.h"
