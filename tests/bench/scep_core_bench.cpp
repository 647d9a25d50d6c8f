// The cryptography of an enrolment with what reads and writes its messages, for tests/bench/scep_core.py:
//   scep_core_bench DIRECTORY                  serves slices: core1, core2 (threads), floor1, floor2
//   scep_core_bench DIRECTORY prepare FILE     writes messages of many clients, and a key
//   scep_core_bench DIRECTORY WHAT COUNT FILE  does `core` or `floor` so often, to have its instructions
//   counted scep_core_bench DIRECTORY http             serves /scep at a port that it prints, until its input
//   ends
// DIRECTORY is one that `certspan init` wrote.
#include <openssl/pem.h>

#include <array>
#include <atomic>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "host/services/http/http_server.hpp"
#include "plugins/common/pki/pem.hpp"
#include "tests/bench/bench_files.hpp"
#include "tests/bench/crypto_floor.hpp"
#include "tests/bench/scep_core.hpp"
#include "tests/bench/scep_messages.hpp"
#include "tests/bench/slice_server.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

constexpr std::size_t kMessages = 500;
constexpr std::array<std::size_t, 2> kThreads = {1, 2};

test::Bytes ra_certificate(const std::string& directory) {
  auto certificates = pki::load_certificates(read_text(directory + "/ra.pem"));
  if (!certificates) throw std::runtime_error("ra.pem");
  const pki::BytesView der = certificates->front().der();
  return {der.begin(), der.end()};
}

Slice on_threads(std::size_t threads, const std::function<void(std::size_t thread)>& once) {
  return [threads, once](std::chrono::milliseconds length) {
    return repeat_on_threads(threads, length, [&](std::size_t thread) {
      once(thread);
      return std::uint64_t{1};
    });
  };
}

int serve_slices(const std::string& directory) {
  const ScepCore core(directory);
  Devices devices(ra_certificate(directory), "challenge");
  const auto messages = devices.prepare(kMessages, kThreads.back());
  devices.check_reply(messages.front(), core.enrol(messages.front().message));
  std::vector<std::unique_ptr<CryptoFloor>> floors;
  for (std::size_t i = 0; i < kThreads.back(); ++i) {
    floors.push_back(std::make_unique<CryptoFloor>(
        read_text(directory + "/ra.key"), read_text(directory + "/ca.key"), devices.key(0).handle()));
  }
  std::atomic<std::size_t> next{0};
  std::map<std::string, Slice> slices;
  for (const std::size_t threads : kThreads) {
    const std::string number = std::to_string(threads);
    slices["core" + number] =
        on_threads(threads, [&](std::size_t) { core.enrol(messages[next++ % kMessages].message); });
    slices["floor" + number] =
        on_threads(threads, [&](std::size_t thread) { floors[thread]->one_enrolment(); });
  }
  return serve(slices);
}

/// A key, PEM, and messages, each with its size before it.
int prepare(const std::string& directory, const std::string& path) {
  constexpr std::size_t kCounted = 64;
  Devices devices(ra_certificate(directory), "challenge");
  std::ofstream file(path, std::ios::binary);
  const auto put = [&file](const auto& octets) {
    file << octets.size() << '\n';
    file.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
  };
  put(devices.key(0).pem());
  for (const PreparedRequest& request : devices.prepare(kCounted, 1)) put(request.message);
  return file ? 0 : 1;
}

std::vector<std::string> read_parts(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> parts;
  std::size_t size = 0;
  while (file >> size && file.get() == '\n') {
    parts.emplace_back(size, '\0');
    file.read(parts.back().data(), static_cast<std::streamsize>(size));
  }
  return parts;
}

int count(const std::string& directory, std::string_view what, std::size_t times, const std::string& path) {
  const std::vector<std::string> parts = read_parts(path);
  if (times + 2 > parts.size()) throw std::runtime_error("there are not so many messages");
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(parts[0].data(), static_cast<int>(parts[0].size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> client(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const ScepCore core(directory);
  CryptoFloor floor(read_text(directory + "/ra.key"), read_text(directory + "/ca.key"), client.get());
  // What is made once is made in the first one, which is in both counts that are compared.
  core.enrol(pki::as_bytes(parts[1]));
  floor.one_enrolment();
  for (std::size_t i = 0; i < times; ++i) {
    if (what == "core") {
      core.enrol(pki::as_bytes(parts[i + 2]));
    } else {
      floor.one_enrolment();
    }
  }
  return 0;
}

int serve_http(const std::string& directory) {
  const ScepCore core(directory);
  HttpOptions options;
  options.io_threads = static_cast<unsigned>(kThreads.back());  // they do the work themselves
  HttpServer server{options};
  const auto needed = [](const auto& result) {
    if (!result) throw std::runtime_error(result.error().message);
  };
  HttpListenerOptions listener;
  listener.name = "web";
  listener.host = "127.0.0.1";
  needed(server.add_listener(listener));
  HttpRoute route;
  route.listener = "web";
  route.path = "/scep";
  route.owner = "bench";
  needed(server.add_route(route, [&core](const HttpRequest& request, const HttpExchangePtr& exchange) {
    HttpResponse response;
    response.content_type = "application/x-pki-message";
    const auto reply = core.enrol(request.body);
    response.body.assign(reply.begin(), reply.end());
    exchange->respond(std::move(response));
  }));
  needed(server.start());
  std::cout << *server.bound_port("web") << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  server.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1) return serve_slices(words[0]);
  if (words.size() == 2 && words[1] == "http") return serve_http(words[0]);
  if (words.size() == 3 && words[1] == "prepare") return prepare(words[0], words[2]);
  if (words.size() == 4) return count(words[0], words[1], std::stoul(words[2]), words[3]);
  std::cerr << "usage: scep_core_bench DIRECTORY [http | prepare FILE | core|floor COUNT FILE]\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
