// SCEP is a public decryption service: an envelope of somebody else can be changed, signed again by anyone,
// and sent as often as one likes. What comes back must say nothing about what the private key made of it.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>

#include <catch2/catch.hpp>

#include "tests/plugins/ndes/endpoint.hpp"

namespace certspan::scep::test {

using namespace certspan::test;

namespace {

constexpr std::size_t kRsaOctets = 256;

// Where the encrypted content key of an RSA-2048 recipient begins: after an OCTET STRING header of that
// length.
std::size_t encrypted_key_at(const Bytes& envelope) {
  const Bytes header = {0x04, 0x82, 0x01, 0x00};
  const auto found = std::search(envelope.begin(), envelope.end(), header.begin(), header.end());
  REQUIRE(found != envelope.end());
  return static_cast<std::size_t>(found - envelope.begin()) + header.size();
}

// What a stranger learns: everything of the reply but the reference.
struct Told {
  std::size_t size = 0;
  std::string pki_status;
  std::string fail_info;
  std::string text;
  bool operator<(const Told& other) const {
    return std::tie(size, pki_status, fail_info, text) <
           std::tie(other.size, other.pki_status, other.fail_info, other.text);
  }
};

class Stranger {
 public:
  explicit Stranger(std::string message_type = "19") : message_type_(std::move(message_type)) {
    // GetCert is for those who have a certificate already: whoever has one must learn no more.
    if (message_type_ == "21") certificate_ = endpoint_.issue(stranger_.key, {.common_name = "stranger"});
  }

  Told send(Bytes envelope) {
    MessageOptions options;
    options.message_type = message_type_;
    options.envelope = std::move(envelope);
    endpoint_.host.advance(std::chrono::seconds(1));  // a stranger that repeats himself faster is slowed down
    const auto exchange = endpoint_.post(endpoint_.message({}, stranger_.key, certificate_, options));
    REQUIRE(exchange.endings == 1);
    REQUIRE(exchange.response);
    REQUIRE(exchange.response->status == 200);
    const auto reply =
        read_reply(exchange.response->body, endpoint_.ra_certificate, stranger_.key, certificate_);
    return {exchange.response->body.size(), reply.pki_status, reply.fail_info,
            reply.fail_info_text.substr(0, reply.fail_info_text.find("; reference "))};
  }

  // An envelope with `content` for the RA, as if captured from the wire.
  Bytes envelope(const Bytes& content) const { return make_envelope(content, endpoint_.ra_certificate, {}); }
  Bytes captured() const { return envelope(victim_.request); }

 private:
  Endpoint endpoint_;
  Client victim_{1};
  Client stranger_{2};
  std::string message_type_;
  Bytes certificate_ = stranger_.certificate;
};

}  // namespace

TEST_CASE("200 broken key transports and 200 changed envelopes get one answer") {
  // Also where something else than a request is expected: an envelope says nothing of that.
  const std::string message_type = GENERATE("19", "21", "22");
  Stranger stranger(message_type);
  const Bytes captured = stranger.captured();
  const std::size_t key_at = encrypted_key_at(captured);
  std::mt19937 random(20240607);  // fixed: the same 400 messages every time
  std::map<Told, int> told;
  ++told[stranger.send(captured)];  // opens, but is another's request
  for (int i = 0; i < 200; ++i) {
    Bytes broken = captured;
    if (i % 4 == 0) {
      for (std::size_t at = 0; at < kRsaOctets; ++at)
        broken[key_at + at] = static_cast<std::uint8_t>(random());
      broken[key_at] &= 0x7F;  // below the modulus
    } else {
      broken[key_at + random() % kRsaOctets] ^= static_cast<std::uint8_t>(1U << random() % 8U);
    }
    ++told[stranger.send(std::move(broken))];
  }
  for (int i = 0; i < 200; ++i) {
    Bytes changed = captured;
    const std::size_t content = changed.size() - (key_at + kRsaOctets);
    // The last two blocks decide the padding, the first ones the ASN.1 header.
    const std::size_t back = i % 3 == 0 ? 1 + random() % 32U : 1 + random() % (content - 80);
    changed[changed.size() - back] ^= static_cast<std::uint8_t>(1U << random() % 8U);
    ++told[stranger.send(std::move(changed))];
  }
  REQUIRE(told.size() == 1);
  CHECK(told.begin()->first.pki_status == "2");
  const bool enrols = message_type == "19";
  CHECK(told.begin()->first.fail_info == (enrols ? "1" : "4"));
  CHECK(told.begin()->first.text ==
        (enrols ? "the request can't be opened" : "there is no such certificate for this request"));
  CHECK(told.begin()->second == 401);
}

TEST_CASE("whatever stands in an envelope, a stranger is told the same") {
  Stranger stranger;
  const Told usual = stranger.send(stranger.captured());
  Bytes bad_signature = make_request(TestKey::shared_rsa(2));
  bad_signature.back() ^= 1;
  const Bytes contents[] = {Bytes(1, 0x30),
                            Bytes(15, 0),
                            Bytes(16, 0x10),
                            Bytes(4000, 0x30),
                            {0x30, 0x82, 0xFF, 0xFF},
                            bad_signature,
                            make_request(TestKey::shared_rsa(3)),
                            make_request(TestKey::ec()),
                            make_request(TestKey::shared_rsa(2), {.sha1 = true})};
  for (const Bytes& content : contents) {
    const Told told = stranger.send(stranger.envelope(content));
    CHECK_FALSE(told < usual);
    CHECK_FALSE(usual < told);
  }
}

TEST_CASE("key transports of zeros, ones and numbers above the modulus are answered like any other") {
  Stranger stranger;
  const Bytes captured = stranger.captured();
  const Told usual = stranger.send(captured);
  const std::size_t key_at = encrypted_key_at(captured);
  const std::uint8_t fill = GENERATE(std::uint8_t{0x00}, std::uint8_t{0xFF}, std::uint8_t{0x01});
  Bytes extreme = captured;
  std::fill_n(extreme.begin() + static_cast<std::ptrdiff_t>(key_at), kRsaOctets, fill);
  const Told told = stranger.send(extreme);
  CHECK_FALSE(told < usual);
  CHECK_FALSE(usual < told);
}

}  // namespace certspan::scep::test
