#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string_view>

#include "host/app/cli.hpp"
#include "host/app/connector_probe.hpp"
#include "host/loading/probe.hpp"

namespace {

/// The contract promises plugins 512 KiB of stack on each thread (abi/plugin.h), whatever limit we were
/// started with.
void keep_promise_of_stack() {
  constexpr rlim_t kStack = 1024UL * 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kStack) return;
  limit.rlim_cur = std::min(kStack, limit.rlim_max);
  static_cast<void>(::setrlimit(RLIMIT_STACK, &limit));  // this thread's, which grows up to it
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStack);
  ::pthread_setattr_default_np(&attributes);  // that of threads to come
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

int main(int argc, char** argv) try {
  keep_promise_of_stack();
  if (argc > 1 && std::string_view(argv[1]) == "--probe-plugin") return certspan::probe_main(argc, argv);
  if (argc > 1 && std::string_view(argv[1]) == certspan::kProbeConnector) certspan::connector_probe_main();
  return certspan::run_cli(argc, argv);
} catch (const std::exception& error) {
  static_cast<void>(std::fprintf(stderr, "certspan: %s\n", error.what()));
  return 1;
}
