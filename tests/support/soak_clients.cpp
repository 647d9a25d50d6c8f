// Devices for tests of a host that is killed, or swapped, beside them:
//   soak_clients RA.der CHALLENGE DEVICES SEED RESULTS
// So many devices ask at a time, each from an address of its own; one that has its certificate makes room for
// the next. Who gets no answer, or "try later", asks again, half of them with the same message and half with
// a new one of the same transaction. Of those that are done some ask once more and must hear the same. On
// standard input: `port N` says where the host listens now, `count` asks how many devices are done, `refused`
// how many messages were not answered with what was asked for, `pace N` has each device come N microseconds
// after the one before it at the soonest, `end` lets those that have begun finish. RESULTS gets a line for
// each device: the SHA-256 of its request, that of its certificate, the milliseconds from its first message
// to its certificate, when it came (microseconds of the monotonic clock), and the microseconds from then to
// its certificate; and another one if it heard something else when it asked again.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "tests/support/scep_test_client.hpp"

namespace {

using certspan::test::Bytes;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
namespace test = certspan::test;

constexpr int kKeys = 4;
constexpr std::uint32_t kFirstAddress = 0x7f000101;  // 127.0.1.1
constexpr std::chrono::seconds kPatience{120};
constexpr std::size_t kMostRemembered = 64;

std::atomic<std::uint16_t> host_port{0};
std::atomic<bool> ending{false};
std::atomic<std::uint64_t> devices_done{0};
std::atomic<std::uint64_t> messages_refused{0};
std::atomic<std::int64_t> pace_us{0};

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "soak_clients: " << why << std::endl;
  std::_Exit(1);
}

std::string sha256_hex(const Bytes& bytes) {
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(bytes.data(), bytes.size(), digest);
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

struct Answer {
  int status = 0;
  Bytes body;
};

/// A connection to wherever the host listens, which stays open while it can.
class Line {
 public:
  explicit Line(std::uint32_t from) : from_(from) {}
  ~Line() { close(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Nothing if there was no whole answer, for whatever reason.
  std::optional<Answer> post(const Bytes& message) {
    std::optional<Answer> answer;
    if (connect() && send(message)) answer = receive();
    if (!answer) close();
    return answer;
  }

 private:
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  bool connect() {
    const std::uint16_t port = host_port;
    if (socket_ >= 0 && port == port_) return true;
    close();
    port_ = port;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) give_up("no socket is left");
    const timeval limit{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(from_);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) != 0) return false;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    place.sin_port = htons(port);
    return ::connect(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) == 0;
  }

  bool send(const Bytes& message) const {
    std::string text =
        "POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/x-pki-message\r\nContent-Length: " +
        std::to_string(message.size()) + "\r\n\r\n";
    text.append(message.begin(), message.end());
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  std::optional<Answer> receive() const {
    std::string text;
    std::size_t wanted = std::string::npos;
    Answer answer;
    std::size_t head = 0;
    while (text.size() < wanted) {
      char buffer[16384];
      const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (got <= 0) return std::nullopt;
      text.append(buffer, static_cast<std::size_t>(got));
      if (head != 0 || (head = text.find("\r\n\r\n")) == std::string::npos) {
        if (head == std::string::npos) head = 0;
        continue;
      }
      head += 4;
      constexpr std::string_view kLength = "Content-Length: ";
      const std::size_t length = text.find(kLength);
      std::size_t body = 0;
      if (length > head ||
          std::from_chars(text.data() + length + kLength.size(), text.data() + head, body).ec !=
              std::errc() ||
          std::from_chars(text.data() + std::string_view("HTTP/1.1 ").size(), text.data() + head,
                          answer.status)
                  .ec != std::errc()) {
        give_up("this is no HTTP: " + text.substr(0, head));
      }
      wanted = head + body;
    }
    answer.body.assign(text.begin() + static_cast<std::ptrdiff_t>(head), text.end());
    return answer;
  }

  const std::uint32_t from_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

/// What all devices have in common.
struct Site {
  Bytes ra_certificate;
  std::string challenge;
  std::vector<test::TestKey> keys;
  std::vector<Bytes> certificates;
  std::uint32_t devices = 1;  ///< at a time
  std::mutex mutex;           ///< guards `results`
  std::ofstream results;
};

class Device {
 public:
  Device(const Site& site, std::string name, std::size_t key)
      : site_(site), name_(std::move(name)), key_(key) {
    test::RequestOptions options;
    options.common_name = name_;
    options.challenge = site.challenge;
    csr_ = test::make_request(site.keys[key], options);
  }

  const std::string& name() const { return name_; }
  std::string request_digest() const { return sha256_hex(csr_); }

  void make_message() {
    test::MessageOptions options;
    options.transaction_id = name_;
    RAND_bytes(options.sender_nonce.data(), static_cast<int>(options.sender_nonce.size()));
    message_ =
        test::make_message(csr_, site_.keys[key_], site_.certificates[key_], site_.ra_certificate, options);
  }

  /// The digest of the certificate that it ends with.
  std::string ask_until_answered(Line& line, std::mt19937& chances) {
    const auto end = steady_clock::now() + kPatience;
    make_message();
    while (steady_clock::now() < end) {
      const auto answer = line.post(message_);
      if (answer && answer->status == 200) return read(answer->body);
      if (answer && answer->status != 503) give_up(name_ + " got HTTP " + std::to_string(answer->status));
      ++messages_refused;
      std::this_thread::sleep_for(milliseconds(20 + chances() % 180));
      if (chances() % 2 == 0) make_message();
    }
    give_up(name_ + " is stuck: no certificate in " + std::to_string(kPatience.count()) + " s");
  }

 private:
  std::string read(const Bytes& body) const {
    const auto reply =
        test::read_reply(body, site_.ra_certificate, site_.keys[key_], site_.certificates[key_]);
    if (reply.pki_status != "0" || reply.certificates.empty()) {
      give_up(name_ + " got pkiStatus " + reply.pki_status + ", failInfo " + reply.fail_info + " " +
              reply.fail_info_text);
    }
    return sha256_hex(reply.certificates.front());
  }

  const Site& site_;
  const std::string name_;
  const std::size_t key_;
  Bytes csr_;
  Bytes message_;
};

/// One device after the other, and now and then one of them again.
class Seat {
 public:
  Seat(Site& site, std::uint32_t number, std::uint32_t seed)
      : site_(site), number_(number), chances_(seed + number), line_(kFirstAddress + number) {}

  void run() try {
    host_port.wait(0);
    for (std::uint64_t n = 0; !ending; ++n) {
      enrol("soak-" + std::to_string(number_) + "-" + std::to_string(n));
      if (chances_() % 20 == 0) ask_again();
    }
    while (!remembered_.empty() && chances_() % 4 != 0) ask_again();
  } catch (const std::exception& error) {
    give_up(error.what());
  }

 private:
  struct Remembered {
    Device device;
    std::string certificate;
  };

  void enrol(const std::string& name) {
    Device device(site_, name, chances_() % kKeys);
    const auto came = wait_for_turn();
    const auto begun = steady_clock::now();
    const std::string certificate = device.ask_until_answered(line_, chances_);
    write_down(device, certificate, begun, came);
    ++devices_done;
    if (remembered_.size() < kMostRemembered && chances_() % 8 == 0) {
      remembered_.push_back({std::move(device), certificate});
    }
  }

  void ask_again() {
    if (remembered_.empty()) return;
    Remembered& one = remembered_[chances_() % remembered_.size()];
    const std::string certificate = one.device.ask_until_answered(line_, chances_);
    const auto now = steady_clock::now();
    if (certificate != one.certificate) write_down(one.device, certificate, now, now);
  }

  /// When the next device comes: who is late because others were slow has waited since then.
  steady_clock::time_point wait_for_turn() {
    const std::chrono::microseconds pace(pace_us);
    if (pace.count() == 0) return next_ = steady_clock::now();
    if (next_ + 2 * pace < steady_clock::now() && !paced_)
      next_ = steady_clock::now() + pace * number_ / site_.devices;
    paced_ = true;
    next_ += pace;
    std::this_thread::sleep_until(next_);
    return next_;
  }

  void write_down(const Device& device, const std::string& certificate, steady_clock::time_point begun,
                  steady_clock::time_point came) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    const auto now = steady_clock::now();
    const std::lock_guard lock(site_.mutex);
    site_.results << device.request_digest() << ' ' << certificate << ' '
                  << duration_cast<milliseconds>(now - begun).count() << ' '
                  << duration_cast<microseconds>(came.time_since_epoch()).count() << ' '
                  << duration_cast<microseconds>(now - came).count() << '\n';
  }

  Site& site_;
  const std::uint32_t number_;
  std::mt19937 chances_;
  Line line_;
  std::vector<Remembered> remembered_;
  steady_clock::time_point next_{};
  bool paced_ = false;
};

void take_commands() {
  std::string word;
  while (!ending && std::cin >> word) {
    if (word == "port") {
      int port = 0;
      std::cin >> port;
      host_port = static_cast<std::uint16_t>(port);
      host_port.notify_all();
    } else if (word == "count") {
      std::cout << devices_done << std::endl;
    } else if (word == "refused") {
      std::cout << messages_refused << std::endl;
    } else if (word == "pace") {
      std::int64_t microseconds = 0;
      std::cin >> microseconds;
      pace_us = microseconds;
    } else if (word == "end") {
      ending = true;
    } else {
      give_up("what is " + word + "?");
    }
  }
  ending = true;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) give_up("usage: soak_clients RA.der CHALLENGE DEVICES SEED RESULTS");
  Site site;
  site.ra_certificate.resize(std::filesystem::file_size(argv[1]));
  std::ifstream(argv[1], std::ios::binary)
      .read(reinterpret_cast<char*>(site.ra_certificate.data()),
            static_cast<std::streamsize>(site.ra_certificate.size()));
  site.challenge = argv[2];
  const auto count = static_cast<std::uint32_t>(std::stoul(argv[3]));
  const auto seed = static_cast<std::uint32_t>(std::stoul(argv[4]));
  site.devices = count;
  site.results.open(argv[5]);
  for (int i = 0; i < kKeys; ++i) {
    site.keys.push_back(test::TestKey::rsa());
    site.certificates.push_back(test::make_certificate(site.keys.back(), {}));
  }
  std::vector<std::thread> threads;
  std::cout << "ready" << std::endl;
  for (std::uint32_t number = 0; number < count; ++number) {
    threads.emplace_back([&site, number, seed] { Seat(site, number, seed).run(); });
  }
  take_commands();
  for (std::thread& thread : threads) thread.join();
  return site.results.flush() ? 0 : 1;
} catch (const std::exception& error) {
  give_up(error.what());
}
