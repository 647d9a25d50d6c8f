#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep_probe {

/// What `certspan probe scep` is asked for.
struct Options {
  std::string url;
  std::string subject = "CN=certspan-probe";
  std::string dns;                       ///< alternative name that is asked for; empty: none
  std::filesystem::path challenge_file;  ///< "-": standard input; empty: no challenge
  std::filesystem::path ca;              ///< PEM; empty: the CA that GetCACert gives
  std::filesystem::path tls_ca;          ///< PEM; empty: the machine's
  std::filesystem::path prometheus_file;
  std::string identifier;  ///< of the CA, GetCACert's `message`
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  int key_bits = 2048;
  bool danger_allow_des = false;  ///< of answers: single DES, which anyone can break
  bool capabilities_only = false;
  bool json = false;
};

/// The options, or the exit code when there is nothing to do but to end: after --help, or for a wrong command
/// line, which was told then.
std::variant<Options, int> read_options(int argc, char** argv);

/// "1500ms", "60s", "2m".
std::optional<std::chrono::milliseconds> parse_time(const std::string& text);

}  // namespace certspan::scep_probe
