#include <stdio.h>

#include "minimal_plugin.h"

__attribute__((constructor)) static void on_load(void) {
  static int* volatile nowhere;
  fputs("about to read the licence\n", stderr);
  *nowhere = 1;
}
