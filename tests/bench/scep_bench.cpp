// Slices for tests/bench/scep_enrol.py, which runs the host:
//   scep_bench PORT DIRECTORY CONNECTIONS [PATH]
// DIRECTORY is one that `certspan init` wrote. `prepare` makes requests that are sent later, `floor` does the
// key operations of an enrolment and nothing else, `enrol` enrols over HTTP, each connection from an address
// of its own. `repeat` sends one request again and again, `caps` asks for the capabilities. `flooded` is
// `enrol` beside somebody at another address who repeats one request on many connections. `good_us_beside`
// sends everything that is prepared beside so many repeats, and counts the microseconds until all of it is
// answered. `lone_ns` sends what is prepared, one request after the other if there is one connection, and
// gives the median of their nanoseconds.
#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/bench/bench_files.hpp"
#include "tests/bench/crypto_floor.hpp"
#include "tests/bench/http_load.hpp"
#include "tests/bench/scep_messages.hpp"
#include "tests/bench/slice_server.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

test::Bytes der_of(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  std::uint8_t* data = nullptr;
  const int size = i2d_X509(certificate.get(), &data);
  if (size <= 0) throw std::runtime_error("the RA's certificate can't be read");
  test::Bytes der(data, data + size);
  OPENSSL_free(data);
  return der;
}

// The pkiStatus attribute with the value "0": id-attributes-pkiStatus, SET, PrintableString.
constexpr std::string_view kSuccess = "\x06\x0a\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x03\x31\x03\x13\x01\x30";

class Enrolments {
 public:
  Enrolments(std::uint16_t port, const std::string& directory, std::size_t connections, std::string path)
      : path_(std::move(path)),
        devices_(der_of(read_text(directory + "/ra.pem")), challenge(directory)),
        load_(port, connections, {.address = kFirstDevice, .one_each = true}),
        flood_(port, kFloodConnections, {.address = kFlooder, .may_be_refused = true}) {}

  std::uint64_t prepare(std::size_t count) {
    requests_ = devices_.prepare(count, std::thread::hardware_concurrency());
    texts_.clear();
    for (const PreparedRequest& request : requests_) {
      texts_.push_back("POST " + path_ +
                       "?operation=PKIOperation HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/x-pki-message\r\nContent-Length: " +
                       std::to_string(request.message.size()) + "\r\n\r\n");
      texts_.back().append(request.message.begin(), request.message.end());
    }
    next_ = 0;
    if (kept_.empty()) kept_ = texts_.front();
    return count;
  }

  std::uint64_t run(std::chrono::milliseconds length) {
    std::size_t sampled = 0;
    std::string sample;
    const auto next = [this](std::size_t& number) -> std::optional<std::string_view> {
      if (next_ == texts_.size()) return std::nullopt;
      number = next_++;
      return texts_[number];
    };
    const auto take = [&](std::size_t number, std::string_view body) {
      if (body.find(kSuccess) == std::string_view::npos) throw std::runtime_error("a reply is no success");
      sampled = number;
      sample = body;
    };
    const std::uint64_t done = load_.run(length, next, take);
    if (done > 0) devices_.check_reply(requests_[sampled], {sample.begin(), sample.end()});
    return done;
  }

  /// The median time of a request, in nanoseconds. Requires: one connection.
  std::uint64_t lone_ns() {
    using Clock = std::chrono::steady_clock;
    std::vector<std::uint64_t> times;
    Clock::time_point sent;
    const auto next = [&](std::size_t& number) -> std::optional<std::string_view> {
      if (next_ == texts_.size()) return std::nullopt;
      number = next_++;
      sent = Clock::now();
      return texts_[number];
    };
    const auto take = [&](std::size_t, std::string_view body) {
      const auto took = Clock::now() - sent;
      if (body.find(kSuccess) == std::string_view::npos) throw std::runtime_error("a reply is no success");
      times.push_back(static_cast<std::uint64_t>(std::chrono::nanoseconds(took).count()));
    };
    load_.run(std::chrono::hours(1), next, take);
    std::ranges::sort(times);
    return times.empty() ? 0 : times[times.size() / 2];
  }

  /// One request again and again, octet for octet.
  std::uint64_t repeat(std::chrono::milliseconds length) {
    return flood_.run(length, repeats(), [](std::size_t, std::string_view) {});
  }

  std::uint64_t ask_capabilities(std::chrono::milliseconds length) {
    const auto ask = [](std::size_t&) -> std::optional<std::string_view> {
      return "GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n\r\n";
    };
    return flood_.run(length, ask, [](std::size_t, std::string_view) {});
  }

  std::uint64_t run_flooded(std::chrono::milliseconds length) {
    std::atomic<bool> stop{false};
    const auto same = repeats();
    Flood flood(*this, [&](std::size_t& number) { return stop ? std::nullopt : same(number); });
    const std::uint64_t done = run(length);
    stop = true;
    flood.join();
    return done;
  }

  /// All that is prepared beside `repeats_left` repeats: the microseconds until the last reply to the former.
  std::uint64_t us_beside(std::uint64_t repeats_left) {
    const auto same = repeats();
    Flood flood(*this, [&](std::size_t& number) {
      return repeats_left == 0 ? std::nullopt : (--repeats_left, same(number));
    });
    const auto begun = std::chrono::steady_clock::now();
    run(std::chrono::hours(1));
    const auto took = std::chrono::steady_clock::now() - begun;
    flood.join();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  }

  /// How often the one request was sent beside others.
  std::uint64_t repeated() const { return repeated_; }

  EVP_PKEY* client() const { return devices_.key(0).handle(); }

 private:
  /// Somebody who sends what `next` gives, on a thread of his own.
  class Flood {
   public:
    Flood(Enrolments& all, NextRequest next)
        : thread_([this, &all, next = std::move(next)] {
            try {
              all.repeated_ +=
                  all.flood_.run(std::chrono::hours(1), next, [](std::size_t, std::string_view) {});
            } catch (...) {
              failed_ = std::current_exception();
            }
          }) {}
    void join() {
      thread_.join();
      if (failed_) std::rethrow_exception(failed_);
    }

   private:
    std::exception_ptr failed_;
    std::thread thread_;
  };

  static constexpr std::uint32_t kFirstDevice = 0x7f000101;  // 127.0.1.1
  static constexpr std::uint32_t kFlooder = 0x7f000063;      // 127.0.0.99
  static constexpr std::size_t kFloodConnections = 128;

  /// The first request of all, which has been answered with a certificate once.
  NextRequest repeats() const {
    return [this](std::size_t&) -> std::optional<std::string_view> { return kept_; };
  }

  static std::string challenge(const std::string& directory) {
    std::string text = read_text(directory + "/challenge");
    text.erase(text.find_last_not_of("\r\n") + 1);
    return text;
  }

  const std::string path_;
  Devices devices_;
  HttpLoad load_;
  HttpLoad flood_;
  std::string kept_;
  std::uint64_t repeated_ = 0;
  std::vector<PreparedRequest> requests_;
  std::vector<std::string> texts_;
  std::size_t next_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4 && argc != 5) {
    std::cerr << "usage: scep_bench PORT DIRECTORY CONNECTIONS [PATH]\n";
    return 2;
  }
  const std::string directory = argv[2];
  Enrolments enrolments(static_cast<std::uint16_t>(std::stoul(argv[1])), directory, std::stoul(argv[3]),
                        argc == 5 ? argv[4] : "/scep");
  const std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<CryptoFloor>> floors;
  for (std::size_t i = 0; i < threads; ++i) {
    floors.push_back(std::make_unique<CryptoFloor>(read_text(directory + "/ra.key"),
                                                   read_text(directory + "/ca.key"), enrolments.client()));
  }
  return serve({
      // Its length is a count: so many requests.
      {"lone_ns", [&](auto) { return enrolments.lone_ns(); }},
      {"prepare", [&](auto count) { return enrolments.prepare(static_cast<std::size_t>(count.count())); }},
      {"floor",
       [&](auto length) {
         return repeat_on_threads(threads, length, [&floors](std::size_t thread) {
           floors[thread]->one_enrolment();
           return std::uint64_t{1};
         });
       }},
      {"enrol", [&](auto length) { return enrolments.run(length); }},
      {"repeat", [&](auto length) { return enrolments.repeat(length); }},
      {"caps", [&](auto length) { return enrolments.ask_capabilities(length); }},
      {"flooded", [&](auto length) { return enrolments.run_flooded(length); }},
      {"good_us_beside",
       [&](auto count) { return enrolments.us_beside(static_cast<std::uint64_t>(count.count())); }},
      {"repeated", [&](auto) { return enrolments.repeated(); }},
  });
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
