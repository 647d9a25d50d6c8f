// Sends broken requests through a whole SCEP endpoint under callgrind, from the HTTP request to the signed
// refusal, one dump of instruction counts for each: tests/plugins/common/pki/oracle_work_test.py runs this
// and compares.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

#include <valgrind/callgrind.h>

#include "tests/plugins/ndes/endpoint.hpp"

namespace certspan::scep::test {
namespace {

using namespace certspan::test;

constexpr int kOfEachKind = 7;
constexpr std::size_t kRsaOctets = 256;
constexpr std::size_t kBlock = 16;

// Part of the captured envelope in which a bit is flipped.
struct Kind {
  const char* name;
  std::size_t first;
  std::size_t count;
};

std::size_t encrypted_key_at(const Bytes& envelope) {
  const Bytes header = {0x04, 0x82, 0x01, 0x00};
  const auto found = std::search(envelope.begin(), envelope.end(), header.begin(), header.end());
  return static_cast<std::size_t>(found - envelope.begin()) + header.size();
}

class Probe {
 public:
  explicit Probe(const char* message_type) : message_type_(message_type) {}

  bool run() {
    const std::size_t key_at = encrypted_key_at(captured_);
    const std::size_t content_at =
        key_at + kRsaOctets + 6 * kBlock;  // behind the headers, in the subject or so
    const Kind kinds[] = {{"transport", key_at, kRsaOctets},
                          {"content", content_at, captured_.size() - content_at - 4 * kBlock},
                          {"padding", captured_.size() - 2 * kBlock, 2 * kBlock}};
    // The first message sets up what later ones find.
    bool good = measure("good", captured_);
    for (int i = 0; i < kOfEachKind; ++i) {
      good = measure("stolen" + std::to_string(i), captured_) && good;
      for (const Kind& kind : kinds) {
        Bytes broken = captured_;
        broken[kind.first + random_() % kind.count] ^= static_cast<std::uint8_t>(1U << random_() % 8U);
        good = measure(kind.name + std::to_string(i), broken) && good;
      }
      good = measure("noise" + std::to_string(i), with_random_key(key_at)) && good;
    }
    return good;
  }

 private:
  Bytes with_random_key(std::size_t key_at) {
    Bytes broken = captured_;
    for (std::size_t at = 0; at < kRsaOctets; ++at)
      broken[key_at + at] = static_cast<std::uint8_t>(random_());
    broken[key_at] &= 0x7F;  // below the modulus
    return broken;
  }

  // Whether it was refused by a signed message.
  bool measure(const std::string& name, const Bytes& envelope) {
    MessageOptions options;
    options.message_type = message_type_;
    options.envelope = envelope;
    const Bytes message = endpoint_.message({}, stranger_.key, stranger_.certificate, options);
    endpoint_.host.advance(std::chrono::seconds(1));  // faster repeats are slowed down
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    const FakeExchange exchange = endpoint_.post(message);
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    return exchange.response && exchange.response->status == 200 && !exchange.submitted;
  }

  const char* message_type_;
  Endpoint endpoint_;
  Client victim_{1};
  Client stranger_{2};
  Bytes captured_ = make_envelope(victim_.request, endpoint_.ra_certificate, {});
  std::mt19937 random_{20240607};  // fixed: the same messages in every run
};

}  // namespace
}  // namespace certspan::scep::test

// Takes the messageType under which the envelopes are sent.
int main(int count, char** arguments) {
  return certspan::scep::test::Probe(count > 1 ? arguments[1] : "19").run() ? 0 : 1;
}
