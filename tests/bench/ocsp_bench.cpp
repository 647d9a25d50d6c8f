// Slices for tests/bench/ocsp_reply.py, which runs the host:
//   ocsp_bench PORT KEY CONNECTIONS NONCE_REQUEST... -- PLAIN_REQUEST...
// KEY is what the responder's key is: rsa:2048 or p256. The requests are files, DER. `signed` asks with
// nonces, so that each answer is signed; `repeated` asks without; `floor` signs as often as it can, on all
// cores, and does nothing else.
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "plugins/common/pki/private_key.hpp"
#include "tests/bench/bench_files.hpp"
#include "tests/bench/http_load.hpp"
#include "tests/bench/slice_server.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

constexpr std::size_t kSignedOctets = 250;  // of a response with one certificate and a nonce

std::string post_of(const std::string& file) {
  const std::string body = read_text(file);
  return "POST /ocsp HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
         "application/ocsp-request\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Asks the same again and again, one after the other. An answer that is no successful one ends the program.
class Questions {
 public:
  Questions(HttpLoad& load, std::vector<std::string> texts) : load_(load), texts_(std::move(texts)) {}

  std::uint64_t ask(std::chrono::milliseconds length) {
    const auto next = [this](std::size_t& number) -> std::optional<std::string_view> {
      number = asked_++ % texts_.size();
      return texts_[number];
    };
    return load_.run(length, next, [](std::size_t, std::string_view body) {
      // OCSPResponse { responseStatus successful(0) ... }, of more than 255 octets.
      if (body.size() < 260 || body.substr(4, 3) != std::string_view("\x0a\x01\x00", 3))
        throw std::runtime_error("an answer is none");
    });
  }

 private:
  HttpLoad& load_;
  std::vector<std::string> texts_;
  std::size_t asked_ = 0;
};

std::uint64_t sign_on_all_cores(const pki::PrivateKey& key, std::chrono::milliseconds length) {
  const pki::Bytes data(kSignedOctets, 0x5A);
  return repeat_on_threads(std::thread::hardware_concurrency(), length, [&](std::size_t) {
    if (!key.sign(key.default_algorithm().digest, data)) throw std::runtime_error("can't sign");
    return std::uint64_t{1};
  });
}

int run(const std::vector<std::string>& words) {
  if (words.size() < 6) throw std::runtime_error("see the head of tests/bench/ocsp_bench.cpp");
  const auto key = pki::generate_private_key(pki::parse_key_spec(words[1]).value()).value();
  HttpLoad load(static_cast<std::uint16_t>(std::stoul(words[0])), std::stoul(words[2]), {});
  std::vector<std::string> with_nonce;
  std::vector<std::string> plain;
  auto* texts = &with_nonce;
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "--") {
      texts = &plain;
    } else {
      texts->push_back(post_of(words[i]));
    }
  }
  Questions signing(load, std::move(with_nonce));
  Questions repeating(load, std::move(plain));
  return serve({{"signed", [&](auto length) { return signing.ask(length); }},
                {"repeated", [&](auto length) { return repeating.ask(length); }},
                {"floor", [&](auto length) { return sign_on_all_cores(key, length); }}});
}

}  // namespace

int main(int count, char** words) {
  try {
    return run({words + 1, words + count});
  } catch (const std::exception& fault) {
    std::cerr << "ocsp_bench: " << fault.what() << '\n';
    return 1;
  }
}
