/* Says "issuer" in its note and offers nothing. */
#define BAD_INTERFACE(id) (id == 0)
#include "minimal_plugin.h"
