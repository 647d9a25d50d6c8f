#include "tests/bench/scep_messages.hpp"

#include <openssl/rand.h>

#include <stdexcept>
#include <thread>
#include <utility>

namespace certspan::bench {
namespace {

// More than any part of the host remembers, as with a fleet.
constexpr std::size_t kKeys = 256;

}  // namespace

Devices::Devices(test::Bytes ra_certificate, std::string challenge)
    : ra_certificate_(std::move(ra_certificate)),
      challenge_(std::move(challenge)),
      keys_(test::TestKey::many_rsa(kKeys)) {
  for (const test::TestKey& key : keys_) certificates_.push_back(test::make_certificate(key, {}));
}

PreparedRequest Devices::prepare_one(std::uint64_t number) const {
  const std::size_t client = number % kKeys;
  test::RequestOptions request;
  request.common_name = "device-" + std::to_string(number);
  request.challenge = challenge_;
  request.subject_alt_name = "DNS:" + request.common_name + ".example";
  test::MessageOptions message;
  message.transaction_id = "bench-" + std::to_string(number);
  RAND_bytes(message.sender_nonce.data(), static_cast<int>(message.sender_nonce.size()));
  return {test::make_message(test::make_request(keys_[client], request), keys_[client], certificates_[client],
                             ra_certificate_, message),
          client};
}

std::vector<PreparedRequest> Devices::prepare(std::size_t count, std::size_t threads) {
  std::vector<PreparedRequest> requests(count);
  const std::uint64_t first = std::exchange(next_, next_ + count);
  const auto work = [&](std::size_t thread) {
    for (std::size_t i = thread; i < count; i += threads) requests[i] = prepare_one(first + i);
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
  return requests;
}

void Devices::check_reply(const PreparedRequest& request, const test::Bytes& reply) const {
  const test::ReadReply read =
      test::read_reply(reply, ra_certificate_, keys_[request.client], certificates_[request.client]);
  if (read.pki_status != "0" || read.certificates.empty()) {
    throw std::runtime_error("a reply brings no certificate: pkiStatus " + read.pki_status + " failInfo " +
                             read.fail_info + " " + read.fail_info_text);
  }
}

}  // namespace certspan::bench
