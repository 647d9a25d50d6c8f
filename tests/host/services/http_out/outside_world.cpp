#include "tests/host/services/http_out/outside_world.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/bytes.hpp"

namespace certspan::test {

OutsideWorld::OutsideWorld() {
  std::string pattern = (std::filesystem::temp_directory_path() / "certspan-world-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  folder_ = pattern;
  // The program ends with its standard input; its ports come through a file.
  const std::string ports = (folder_ / "ports.json").string();
  const std::string command = std::string(OUTSIDE_WORLD) + " " + pattern + " " + ports;
  program_ = popen(command.c_str(), "w");  // NOLINT(cert-env33-c): a test's own script
  for (int tries = 0; tries < 400 && ports_.is_null(); ++tries) {
    std::ifstream file(ports);
    if (file) file >> ports_;
    if (ports_.is_null()) usleep(50'000);
  }
  if (ports_.is_null()) throw std::runtime_error("the outside world did not start");
}

OutsideWorld::~OutsideWorld() {
  if (program_ != nullptr) pclose(program_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string OutsideWorld::at(const std::string& server) const {
  const std::string port = std::to_string(ports_.at(server).get<int>());
  const bool tls = server.find("tls") != std::string::npos || server == "mutual";
  return (tls ? "https://localhost:" : "http://127.0.0.1:") + port;
}

Bytes OutsideWorld::file(const std::string& name) const {
  std::ifstream in(folder_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

nlohmann::json OutsideWorld::record() const {
  CurlClient client({});
  const OutgoingResult result = client.send("test", request_to(at("plain") + "/seen"));
  return nlohmann::json::parse(std::string(as_text(result.body)));
}

std::vector<std::string> OutsideWorld::seen() const {
  return record().at("seen").get<std::vector<std::string>>();
}

OutgoingRequest request_to(const std::string& url, std::string_view method, std::string_view body) {
  OutgoingRequest request;
  request.method = method;
  request.url = url;
  request.body = as_bytes(body);
  request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  request.max_answer = 1'000'000;
  return request;
}

Secret line(std::string_view text) {
  Bytes bytes = copy_of(as_bytes(text));
  bytes.push_back(0);
  return Secret(std::move(bytes));
}

}  // namespace certspan::test
