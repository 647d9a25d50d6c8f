#include "probe/options.hpp"

#include <charconv>
#include <iostream>

#include <CLI/CLI.hpp>

namespace certspan::scep_probe {
namespace {

constexpr int kUsage = 64;
constexpr int kMostDigits = 7;

}  // namespace

std::optional<std::chrono::milliseconds> parse_time(const std::string& text) {
  int number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(rest, text.data() + text.size());
  if (error != std::errc() || number <= 0 || rest - text.data() > kMostDigits) return std::nullopt;
  if (unit == "ms") return std::chrono::milliseconds(number);
  if (unit == "s") return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  return std::nullopt;
}

std::variant<Options, int> read_options(int argc, char** argv) {
  Options options;
  std::string timeout = "60s";
  CLI::App app("Enrols at a SCEP endpoint as a device does, and says whether the service works",
               "certspan probe scep");
  app.add_option("url", options.url, "http or https, as devices have it")->required();
  app.add_option("--subject", options.subject, "of the certificate that is asked for")->capture_default_str();
  app.add_option("--dns", options.dns, "alternative name that is asked for");
  app.add_option("--challenge-file", options.challenge_file,
                 "file that the challenge stands in; - reads standard input");
  app.add_option("--ca", options.ca,
                 "PEM: whom certificates must come from; without it, the CA that GetCACert gives");
  app.add_option("--tls-ca", options.tls_ca,
                 "PEM: who certifies the server of an https URL; without it, the machine's");
  app.add_option("--identifier", options.identifier,
                 "of the CA, where a server has several (message= of GetCACert)");
  app.add_option("--key-bits", options.key_bits, "of the RSA key")
      ->check(CLI::IsMember({2048, 3072, 4096}))
      ->capture_default_str();
  app.add_option("--timeout", timeout, "for all of it, polling included: 500ms, 60s, 5m")
      ->capture_default_str();
  app.add_flag("--capabilities-only", options.capabilities_only,
               "GetCACaps and GetCACert alone: no certificate is made");
  app.add_flag("--danger-allow-des", options.danger_allow_des,
               "reads answers in single DES, which anyone can break");
  app.add_option("--prometheus-file", options.prometheus_file,
                 "file for node_exporter's textfile collector, replaced each time");
  app.add_flag("--json", options.json, "print JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  const auto time = parse_time(timeout);
  if (!time) {
    std::cerr << "certspan: --timeout \"" << timeout << "\" is no span of time: say 500ms, 60s or 5m\n";
    return kUsage;
  }
  options.timeout = *time;
  return options;
}

}  // namespace certspan::scep_probe
