#define BAD_SCHEMA "{\"type\": \"object\","
#include "minimal_plugin.h"
