#include <stdexcept>
#include <thread>

#include "minimal_plugin.h"

namespace {

struct Watcher {
  Watcher() {
    std::thread([] { throw std::runtime_error("watcher lost its file"); }).join();
  }
};
const Watcher kWatcher;

}  // namespace
