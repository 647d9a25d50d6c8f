// Slices for tests/bench/abi_call.py. `abi` has a loaded plugin issue an item with a 4 KB request that it
// gives back; `direct` does the same with a C++ object behind a virtual function; `copy` copies 4 KB into a
// new vector. With "pinned" as its argument, and then on one core only: `worker` is `abi` with the plugin in
// a worker process, `bare` the same octets there and back over a pair of sockets.
#include <dlfcn.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

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

const certspan_plugin& open_plugin() {
  void* library = ::dlopen(BENCH_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  const auto entry =
      reinterpret_cast<decltype(&certspan_plugin_entry_v0)>(::dlsym(library, CERTSPAN_ENTRY_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(::dlerror());
  return *entry();
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

/// A child that sends back what it gets.
class BareEcho {
 public:
  BareEcho() {
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()) == 0, "no socket pair");
    child_ = ::fork();  // NOLINT(cppcoreguidelines-prefer-member-initializer): it needs its socket first
    require(child_ >= 0, "no child");
    if (child_ == 0) {
      ::close(ends_[0]);
      std::array<char, kRequestBytes> octets;
      for (ssize_t got = 1; got > 0;) {
        got = ::recv(ends_[1], octets.data(), octets.size(), 0);
        if (got > 0) got = ::send(ends_[1], octets.data(), static_cast<std::size_t>(got), 0);
      }
      ::_exit(0);
    }
    ::close(ends_[1]);
  }
  ~BareEcho() {
    ::close(ends_[0]);
    ::waitpid(child_, nullptr, 0);
  }
  BareEcho(const BareEcho&) = delete;
  BareEcho& operator=(const BareEcho&) = delete;

  std::size_t ask(const Bytes& request) {
    std::array<char, kRequestBytes> octets;
    require(::send(ends_[0], request.data(), request.size(), 0) > 0, "nothing sent");
    return static_cast<std::size_t>(::recv(ends_[0], octets.data(), octets.size(), 0));
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  pid_t child_ = -1;
};

void pin_to_first_core() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  require(::sched_setaffinity(0, sizeof(one), &one) == 0, "can't be pinned");
}

WorkItem item_of_bench() {
  WorkItem item;
  item.transaction_id = "bench";
  item.request.assign(kRequestBytes, 0x30);
  return item;
}

std::unique_ptr<Connector> start_connector(sdk::testing::FakeHost& host,
                                           const std::shared_ptr<const Plugin>& plugin,
                                           std::shared_ptr<const certspan_connector_type> type) {
  require(type != nullptr, "the plugin has no type echo");
  auto connector = std::make_unique<Connector>("echo", plugin, std::move(type));
  require(connector->create(host.c_host(), "{}").ok() && connector->start().ok(),
          "the plugin does not start");
  return connector;
}

int serve_pinned() {
  pin_to_first_core();
  BareEcho bare;  // first, while there is one thread
  sdk::testing::FakeHost host;
  const auto plugin =
      std::make_shared<const Plugin>(worker::describe(open_plugin()), BENCH_PLUGIN, BENCH_PLUGIN, "");
  const auto connector = start_connector(host, plugin, plugin->type_for("echo", {}));
  const WorkItem item = item_of_bench();
  CallTerms terms;
  return serve({
      {"worker", repeat([&] {
         terms.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
         return connector->issue(item, terms).certificate.size();
       })},
      {"bare", repeat([&] { return bare.ask(item.request); })},
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1 && std::strcmp(argv[1], "pinned") == 0) return serve_pinned();
  sdk::testing::FakeHost host;
  const auto plugin = std::make_shared<const Plugin>(open_plugin(), BENCH_PLUGIN, BENCH_PLUGIN, "");
  const auto own = start_connector(host, plugin, plugin->type_for("echo", {}));
  Connector& connector = *own;
  const auto direct = make_direct();
  const WorkItem item = item_of_bench();
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
