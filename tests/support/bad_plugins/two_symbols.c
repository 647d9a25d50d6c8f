#include "minimal_plugin.h"

CERTSPAN_EXPORT int bad_shared_state;
int bad_shared_state = 100;
