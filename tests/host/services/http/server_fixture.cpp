#include "tests/host/services/http/server_fixture.hpp"

#include <stdexcept>
#include <thread>

namespace certspan::test {

ServerFixture::ServerFixture(HttpOptions options, HttpListenerOptions listener) : server(options) {
  listener.name = "web";
  listener.host = "127.0.0.1";
  if (!server.add_listener(listener) || !server.start())
    throw std::runtime_error("the test server does not start");
  port = server.bound_port("web").value();
}

void ServerFixture::route(const std::string& path, HttpHandler handler, std::uint32_t flags,
                          std::size_t max_body) {
  const auto added = server.add_route(
      {.listener = "web", .path = path, .owner = "test", .flags = flags, .max_body = max_body},
      std::move(handler));
  if (!added) throw std::runtime_error(added.error().message);
}

bool ServerFixture::eventually(const std::function<bool(const HttpListenerStatus&)>& condition) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition(status())) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace certspan::test
