// One request to the outside CA and its answer, over a TCP connection of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace example_ca {

/// An IPv4 address in digits, and a port.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  /// From "127.0.0.1:7000". Throws std::invalid_argument with what is wrong.
  static Address parse(std::string_view text);
};

struct Exchange {
  enum class End : std::uint8_t {
    Answered,  ///< `text` is the CA's line
    NotSent,   ///< no byte left this machine: certainly not done
    Lost,      ///< something was sent and no answer came: may have been done
  };
  End end = End::NotSent;
  std::string text;    ///< Answered: the line without its end
  std::string reason;  ///< otherwise: what went wrong
};

/// Sends one line and waits for one line. Any thread. Returns by `deadline`.
Exchange ask(const Address& address, const std::string& line, std::chrono::steady_clock::time_point deadline);

}  // namespace example_ca
