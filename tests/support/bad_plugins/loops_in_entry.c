#define BAD_INTERFACE(id) loop_for_ever(id)
static int loop_for_ever(const char* id) {
  static volatile int turns;
  (void)id;
  for (;;) turns = turns + 1;
}
#include "minimal_plugin.h"
