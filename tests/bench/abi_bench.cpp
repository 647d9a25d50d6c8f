// Slices for tests/bench/abi_call.py. `abi` has a loaded plugin issue an item with a 4 KB request that it
// gives back; `direct` does the same with a C++ object behind a virtual function; `copy` copies 4 KB into a
// new vector.
#include <dlfcn.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <certspan/abi/plugin.h>
#include <certspan/testing/fake_host.hpp>

#include "host/loading/connector.hpp"
#include "tests/bench/slice_server.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

constexpr std::size_t kRequestBytes = 4096;
// Calls between two looks at the clock.
constexpr std::uint64_t kCalls = 256;

/// What the host would call if plugins were C++ objects in its own program.
class DirectIssuer {
 public:
  DirectIssuer() = default;
  DirectIssuer(const DirectIssuer&) = delete;
  DirectIssuer& operator=(const DirectIssuer&) = delete;
  virtual ~DirectIssuer() = default;
  virtual Answer issue(const WorkItem& item) = 0;
};

class DirectEcho final : public DirectIssuer {
 public:
  Answer issue(const WorkItem& item) override {
    Answer answer;
    answer.outcome = Outcome::Ok;
    answer.certificate = item.request;
    return answer;
  }
};

// Made where the compiler can't see which class it is.
[[gnu::noinline]] std::unique_ptr<DirectIssuer> make_direct() {
  return std::make_unique<DirectEcho>();
}

std::shared_ptr<const Plugin> open_plugin() {
  void* library = ::dlopen(BENCH_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  const auto entry =
      reinterpret_cast<decltype(&certspan_plugin_entry_v0)>(::dlsym(library, CERTSPAN_ENTRY_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(::dlerror());
  return std::make_shared<const Plugin>(*entry(), BENCH_PLUGIN, BENCH_PLUGIN, "");
}

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

template <typename Issue>
Slice repeat(const Issue& issue) {
  return [issue](std::chrono::milliseconds length) {
    return repeat_on_threads(1, length, [&issue](std::size_t) {
      for (std::uint64_t i = 0; i < kCalls; ++i)
        require(issue() == kRequestBytes, "a call gave the wrong answer");
      return kCalls;
    });
  };
}

}  // namespace

int main() try {
  sdk::testing::FakeHost host;
  const auto plugin = open_plugin();
  const certspan_connector_type* type = plugin->find_type("echo");
  require(type != nullptr, "the plugin has no type echo");
  Connector connector("echo", plugin, *type);
  require(connector.create(host.c_host(), "{}").ok() && connector.start().ok(), "the plugin does not start");
  const auto direct = make_direct();
  WorkItem item;
  item.transaction_id = "bench";
  item.request.assign(kRequestBytes, 0x30);
  return serve({
      {"abi", repeat([&] { return connector.issue(item, {}).certificate.size(); })},
      {"direct", repeat([&] { return direct->issue(item).certificate.size(); })},
      {"copy", repeat([&] {
         const Bytes copied = item.request;
         __asm__ volatile("" : : "r"(copied.data()) : "memory");  // it is wanted
         return copied.size();
       })},
  });
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
