#include <cstdio>
#include <exception>
#include <string_view>

#include "host/app/cli.hpp"
#include "host/app/connector_probe.hpp"
#include "host/loading/probe.hpp"

int main(int argc, char** argv) try {
  if (argc > 1 && std::string_view(argv[1]) == "--probe-plugin") return certspan::probe_main(argc, argv);
  if (argc > 1 && std::string_view(argv[1]) == certspan::kProbeConnector) certspan::connector_probe_main();
  return certspan::run_cli(argc, argv);
} catch (const std::exception& error) {
  static_cast<void>(std::fprintf(stderr, "certspan: %s\n", error.what()));
  return 1;
}
