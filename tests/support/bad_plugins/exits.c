#include <unistd.h>

#include "minimal_plugin.h"

__attribute__((constructor)) static void on_load(void) {
  _exit(0);
}
