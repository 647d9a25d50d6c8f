#include <stdlib.h>

#include "minimal_plugin.h"

__attribute__((constructor)) static void on_load(void) {
  abort();
}
