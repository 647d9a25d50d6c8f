/* A parser that throws, and nobody between it and the host who catches. */
#define BAD_ON_ISSUE(item) parse(item)
#include <stdexcept>

#include <certspan/abi/work_item.h>

static void parse(const certspan_item* item) {
  if (item->request.size < 10) throw std::out_of_range("the request ends early");
}

#include "minimal_plugin.h"
