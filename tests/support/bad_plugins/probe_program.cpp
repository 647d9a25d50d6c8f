#include "host/loading/probe.hpp"

int main(int argc, char** argv) {
  return certspan::is_probe_call(argc, argv) ? certspan::probe_main(argc, argv) : 64;
}
