#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/secret.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// How an exchange with the outside failed. The values are those of <certspan/abi/service_http_out.h>.
enum class OutgoingFailure : std::uint8_t {
  None = 0,
  BadRequest = 1,
  NoName = 2,
  NoConnection = 3,
  NoTls = 4,
  NoTime = 5,
  Broken = 6,
  TooLarge = 7,
  NoHttp = 8,
};

/// A request of a connector to the outside, held against the limits of the contract. Views are borrowed.
struct OutgoingRequest {
  std::string method;
  std::string url;
  std::vector<Secret> lines;  ///< "Name: value" and a terminating zero, each; secrets may stand in them
  BytesView body;
  BytesView trust;        ///< PEM; empty: the CAs of the machine
  BytesView certificate;  ///< PEM; empty: none
  Secret key;             ///< PEM
  std::chrono::steady_clock::time_point deadline;
  std::size_t max_answer = 0;
  bool asks_only = false;  ///< sending it twice does no harm
};

/// What came of it. With a failure the rest is empty, but for `left` and `message`.
struct OutgoingResult {
  OutgoingFailure failure = OutgoingFailure::None;
  /// False: it is certain that not one byte of the request was given to the other side.
  bool left = true;
  std::uint32_t status = 0;
  Labels fields;  ///< names in lower case
  Bytes body;
  std::string message;  ///< why it failed; names the server, never a secret
};

/// Speaks HTTP for connectors. Thread-safe.
class Outgoing {
 public:
  virtual ~Outgoing() = default;
  /// Blocks until the answer is whole, at most until the request's deadline. Connections are kept for further
  /// requests of the same connector and shared with no other.
  virtual OutgoingResult send(std::string_view connector, const OutgoingRequest& request) = 0;
};

}  // namespace certspan
