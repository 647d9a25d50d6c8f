#include "minimal_plugin.h"

/// One for the whole process, by the rules of C++: for all versions of the plugin as well.
struct __attribute__((visibility("default"))) Orders {
  inline static int count = 0;
};
int* kOrders = &Orders::count;
