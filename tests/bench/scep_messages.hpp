#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/scep_test_client.hpp"

namespace certspan::bench {

/// A client's PKCSReq, ready to be sent, and what is needed to read the reply.
struct PreparedRequest {
  test::Bytes message;
  std::size_t client = 0;  ///< whose key signed it
};

/// Devices that share 256 RSA-2048 keys; each request has a transaction, a name and a signature of its own.
class Devices {
 public:
  /// `ra_certificate` is DER. `challenge` goes into every request.
  Devices(test::Bytes ra_certificate, std::string challenge);

  /// Uses `threads` threads. Throws std::runtime_error.
  std::vector<PreparedRequest> prepare(std::size_t count, std::size_t threads);

  const test::TestKey& key(std::size_t client) const { return keys_[client]; }

  /// Verifies and opens the reply. Throws std::runtime_error unless it brings a certificate.
  void check_reply(const PreparedRequest& request, const test::Bytes& reply) const;

 private:
  PreparedRequest prepare_one(std::uint64_t number) const;

  test::Bytes ra_certificate_;
  std::string challenge_;
  std::vector<test::TestKey> keys_;
  std::vector<test::Bytes> certificates_;
  std::uint64_t next_ = 0;
};

}  // namespace certspan::bench
