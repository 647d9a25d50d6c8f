// certspan-scep-probe: enrols at a SCEP endpoint as a device does. `certspan probe scep` runs it.

#include <cstdio>
#include <exception>
#include <iostream>

#include <curl/curl.h>
#include <openssl/provider.h>

#include "probe/report.hpp"

using namespace certspan::scep_probe;

namespace {

constexpr int kWorks = 0;
constexpr int kDoesNotWork = 1;

void complain(const Failure& failure) {
  std::cerr << "certspan: " << failure.what << "\n  what to do: " << failure.advice << "\n";
}

int probe(const Options& options) {
  if (options.danger_allow_des) {
    OSSL_PROVIDER_load(nullptr, "default");  // else it would not come by itself any more
    if (OSSL_PROVIDER_load(nullptr, "legacy") == nullptr) {
      complain({"OpenSSL has no single DES here", "install its legacy provider (package libssl3)"});
      return kDoesNotWork;
    }
  }
  const Finding finding = run(options);
  std::cout << (options.json ? to_json(finding, options) : to_text(finding, options)) << std::flush;
  if (finding.failure && !options.json) complain(*finding.failure);
  int code = finding.works() ? kWorks : kDoesNotWork;
  if (!options.prometheus_file.empty()) {
    if (const auto kept = replace_file(options.prometheus_file, to_prometheus(finding, options)); !kept) {
      complain(kept.error());
      code = kDoesNotWork;
    }
  }
  if (!std::cout) {
    std::cerr << "certspan: standard output can't be written\n";
    code = kDoesNotWork;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) try {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return kDoesNotWork;
  const auto options = read_options(argc, argv);
  const int code =
      std::holds_alternative<int>(options) ? std::get<int>(options) : probe(std::get<Options>(options));
  curl_global_cleanup();
  return code;
} catch (const std::exception& error) {
  static_cast<void>(std::fprintf(stderr, "certspan: %s\n", error.what()));
  return kDoesNotWork;
}
