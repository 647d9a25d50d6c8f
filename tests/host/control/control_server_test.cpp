#include "host/control/control_server.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "tests/host/control/control_fixture.hpp"

namespace certspan::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

FileDescriptor connection_to(const ControlFixture& fixture) {
  auto connection = connect_to(fixture.socket, seconds(10));
  REQUIRE(connection);
  return std::move(*connection);
}

json ask(const FileDescriptor& connection, const std::string& line) {
  std::string rest;
  send_line(connection, line);
  const auto answer = receive_line(connection, rest, 1u << 22);
  REQUIRE(answer);
  return json::parse(*answer);
}

bool ended(const FileDescriptor& connection) {
  std::string rest;
  return !receive_line(connection, rest, 1'000);
}

TEST_CASE("a command gets its arguments and its caller, and its result comes back") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  const auto answer = call_host(fixture.socket, "echo", {{"id", 7}});
  REQUIRE(answer);
  CHECK((*answer)["arguments"] == json{{"id", 7}});
  CHECK_FALSE((*answer)["who"].get<std::string>().empty());
}

TEST_CASE("a refusal comes back with its outcome, code and text") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  const auto answer = call_host(fixture.socket, "retry", json::object());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().outcome == Outcome::Unavailable);
  CHECK(answer.error().code == "work.busy");
  CHECK(answer.error().message == "work item \"1\" is busy");
}

TEST_CASE("an unknown command names the one that was probably meant") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  const auto answer = call_host(fixture.socket, "ecoh", json::object());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "control.no_command");
  CHECK(answer.error().message.find("did you mean \"echo\"") != std::string::npos);
}

TEST_CASE("what is no request is told so, and the connection can ask again") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  const FileDescriptor connection = connection_to(fixture);
  const std::string deep = "{\"command\":\"echo\",\"arguments\":{\"a\":" + std::string(200'000, '[') +
                           std::string(200'000, ']') + "}}";
  for (const std::string& bad :
       {std::string(), std::string("nonsense"), std::string("[]"), std::string("{\"command\":3}"),
        std::string("{\"command\":\"echo\",\"arguments\":[]}"), std::string("{\"command\":\"echo\""),
        std::string("\xff\xfe"), std::string(1, '\0'), deep}) {
    const json answer = ask(connection, bad);
    CHECK(answer["ok"] == false);
    CHECK(answer["error"]["code"] == "control.bad_request");
  }
  CHECK(ask(connection, "{\"command\":\"echo\"}")["ok"] == true);
}

TEST_CASE("requests may arrive in pieces or several at once, and are answered in order") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  const FileDescriptor connection = connection_to(fixture);
  const std::string two =
      "{\"command\":\"echo\",\"arguments\":{\"n\":1}}\n{\"command\":\"echo\",\"arguments\":{\"n\":2}}\n";
  for (const char c : two) REQUIRE(::send(connection.get(), &c, 1, MSG_NOSIGNAL) == 1);
  REQUIRE(::send(connection.get(), two.data(), two.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(two.size()));
  std::string rest;
  for (const int n : {1, 2, 1, 2}) {
    const auto line = receive_line(connection, rest, 1'000);
    REQUIRE(line);
    CHECK(json::parse(*line)["result"]["arguments"]["n"] == n);
  }
}

TEST_CASE("a request of more than 1 MiB is refused before its end, one of nearly that is not") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  const std::string head = "{\"command\":\"echo\",\"arguments\":{\"a\":\"";
  const std::string tail = "\"}}";
  const std::size_t limit = std::size_t{1} << 20;
  const FileDescriptor good = connection_to(fixture);
  CHECK(ask(good, head + std::string(limit - head.size() - tail.size(), 'x') + tail)["ok"] == true);
  const FileDescriptor bad = connection_to(fixture);
  const std::string endless(limit + 1, 'x');
  REQUIRE(::send(bad.get(), endless.data(), endless.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(endless.size()));
  std::string rest;
  const auto line = receive_line(bad, rest, 1'000);
  REQUIRE(line);
  CHECK(json::parse(*line)["error"]["code"] == "control.too_large");
  CHECK(ended(bad));
  CHECK(call_host(fixture.socket, "echo", {{"a", std::string(2 * limit, 'x')}}).error().code ==
        "control.too_large");
}

TEST_CASE("clients that stall hold up nobody and are dropped") {
  ControlFixture fixture({}, {.timeout = milliseconds(300)});
  REQUIRE(fixture.server.start());
  std::vector<FileDescriptor> stalled;
  for (int i = 0; i < 12; ++i) {
    stalled.push_back(connection_to(fixture));
    REQUIRE(::send(stalled.back().get(), "{", 1, MSG_NOSIGNAL) == 1);
  }
  CHECK(call_host(fixture.socket, "echo", json::object()));
  for (const FileDescriptor& connection : stalled) CHECK(ended(connection));
}

TEST_CASE("a client that trickles is dropped by one time-out for the whole request") {
  ControlFixture fixture({}, {.timeout = milliseconds(200)});
  REQUIRE(fixture.server.start());
  const FileDescriptor connection = connection_to(fixture);
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  bool alive = true;
  while (alive && std::chrono::steady_clock::now() < deadline) {
    alive = ::send(connection.get(), " ", 1, MSG_NOSIGNAL) == 1;
    std::this_thread::sleep_for(milliseconds(10));
  }
  CHECK_FALSE(alive);
}

TEST_CASE("a client that does not read its answer is dropped, and holds up nobody meanwhile") {
  // Long enough for the client that does read, on a busy machine too.
  ControlFixture fixture({}, {.timeout = milliseconds(3000)});
  fixture.server.add_command("big", Person::Viewer, [](const json&, const Peer&) -> Result<json> {
    return json{{"text", std::string(8u << 20, 'x')}};
  });
  REQUIRE(fixture.server.start());
  const FileDescriptor sleeper = connection_to(fixture);
  REQUIRE(send_line(sleeper, "{\"command\":\"big\"}"));
  const auto answer = call_host(fixture.socket, "big", json::object());
  REQUIRE(answer);
  CHECK((*answer)["text"].get_ref<const std::string&>().size() == 8u << 20);
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (::send(sleeper.get(), "x", 1, MSG_NOSIGNAL) == 1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  std::string rest;
  CHECK_FALSE(receive_line(sleeper, rest, std::size_t{1} << 24));
}

TEST_CASE("a command that waits does not keep others from their answers") {
  ControlFixture fixture;
  std::promise<void> entered;
  std::promise<void> release;
  fixture.server.add_command("slow", Person::Viewer, [&](const json&, const Peer&) -> Result<json> {
    entered.set_value();
    release.get_future().wait();
    return json{{"done", true}};
  });
  REQUIRE(fixture.server.start());
  auto slow =
      std::async(std::launch::async, [&] { return call_host(fixture.socket, "slow", json::object()); });
  entered.get_future().wait();
  CHECK(call_host(fixture.socket, "echo", json::object()));
  release.set_value();
  const auto answer = slow.get();
  REQUIRE(answer);
  CHECK((*answer)["done"] == true);
}

TEST_CASE("a command goes on when its client has gone") {
  ControlFixture fixture;
  std::promise<void> entered;
  std::promise<void> release;
  std::promise<void> left;
  fixture.server.add_command("slow", Person::Viewer, [&](const json&, const Peer&) -> Result<json> {
    entered.set_value();
    release.get_future().wait();
    left.set_value();
    return json::object();
  });
  REQUIRE(fixture.server.start());
  {
    const FileDescriptor connection = connection_to(fixture);
    REQUIRE(send_line(connection, "{\"command\":\"slow\"}"));
    entered.get_future().wait();
  }
  release.set_value();
  CHECK(left.get_future().wait_for(seconds(20)) == std::future_status::ready);
  CHECK(call_host(fixture.socket, "echo", json::object()));
}

TEST_CASE("slow commands wait for each other and keep no thread from quick ones") {
  ControlFixture fixture({}, {.threads = 1});
  std::counting_semaphore<8> entered{0};
  std::promise<void> release;
  const auto released = release.get_future().share();
  const auto slowly = [&](const json&, const Peer&) -> Result<json> {
    entered.release();
    released.wait();
    return json::object();
  };
  fixture.server.add_command("slow", Person::Viewer, slowly, ControlServer::Pace::Slow);
  REQUIRE(fixture.server.start());
  const auto call_slow = [&] { return call_host(fixture.socket, "slow", json::object()); };
  auto first = std::async(std::launch::async, call_slow);
  entered.acquire();
  auto second = std::async(std::launch::async, call_slow);
  CHECK(call_host(fixture.socket, "echo", json::object()));
  CHECK_FALSE(entered.try_acquire());
  release.set_value();
  CHECK(first.get());
  CHECK(second.get());
}

TEST_CASE("a command whose client has gone before its turn is not begun") {
  constexpr std::size_t kLongest = 100;
  ControlFixture fixture(
      {}, {.longest_line = kLongest, .connections = 2, .connections_per_user = 2, .threads = 1});
  std::promise<void> entered;
  std::promise<void> release;
  std::atomic<int> begun{0};
  fixture.server.add_command("slow", Person::Viewer, [&](const json&, const Peer&) -> Result<json> {
    entered.set_value();
    release.get_future().wait();
    return json::object();
  });
  fixture.server.add_command("change", Person::Viewer, [&](const json&, const Peer&) -> Result<json> {
    ++begun;
    return json::object();
  });
  REQUIRE(fixture.server.start());
  const FileDescriptor waiting = connection_to(fixture);
  REQUIRE(send_line(waiting, "{\"command\":\"slow\"}"));
  entered.get_future().wait();
  REQUIRE(send_line(connection_to(fixture), "{\"command\":\"change\"}"));
  // Two that are told that their lines are too long, one after the other: the second is read in a later round
  // than the first, and by its end the first round has forgotten who went.
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  for (int told = 0; told < 2 && std::chrono::steady_clock::now() < until;) {
    const std::string code = ask(connection_to(fixture), std::string(kLongest + 1, 'x'))["error"]["code"];
    if (code == "control.too_large") ++told;
  }
  CHECK(std::chrono::steady_clock::now() < until);
  release.set_value();
  std::string rest;
  CHECK(receive_line(waiting, rest, 1'000));
  CHECK(call_host(fixture.socket, "echo", json::object()));
  CHECK(begun == 0);
}

TEST_CASE("a handler that throws costs its caller an error and nobody else anything") {
  ControlFixture fixture;
  fixture.server.add_command("bad", Person::Viewer, [](const json&, const Peer&) -> Result<json> {
    throw std::runtime_error("fault");
  });
  REQUIRE(fixture.server.start());
  const auto answer = call_host(fixture.socket, "bad", json::object());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().outcome == Outcome::Internal);
  CHECK(call_host(fixture.socket, "echo", json::object()));
}

TEST_CASE("text that is no UTF-8 comes through as replaced, not as a crash") {
  ControlFixture fixture;
  fixture.server.add_command("bytes", Person::Viewer, [](const json&, const Peer&) -> Result<json> {
    return json{{"t", "a\xff"}};
  });
  REQUIRE(fixture.server.start());
  CHECK((*call_host(fixture.socket, "bytes", json::object()))["t"] == "a\xef\xbf\xbd");
  CHECK(call_host(fixture.socket, "echo", {{"t", "a\xff"}}));
}

TEST_CASE("out of file descriptors the server waits instead of spinning, and goes on") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  CHECK(call_host(fixture.socket, "echo", json::object()));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, fixture.socket.c_str());
  const bool connected =
      ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  rusage start{};
  getrusage(RUSAGE_SELF, &start);
  std::this_thread::sleep_for(milliseconds(300));
  rusage end{};
  getrusage(RUSAGE_SELF, &end);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(connected);
  const auto cpu = [](const rusage& usage) {
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1'000;
  };
  CHECK(cpu(end) - cpu(start) < 150);
  CHECK(ask(client, "{\"command\":\"echo\"}")["ok"] == true);
}

TEST_CASE("the socket lets everybody connect and goes away with its host") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  struct stat status = {};
  REQUIRE(::stat(fixture.socket.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0666);
  fixture.server.stop();
  CHECK_FALSE(std::filesystem::exists(fixture.socket));
  const auto answer = call_host(fixture.socket, "echo", json::object());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "control.no_host");
  fixture.server.stop();
}

TEST_CASE("the socket of a dead host is replaced, one of a live host is not, and a file never") {
  ControlFixture fixture;
  SECTION("dead") {
    {
      // Bound and closed without unlink, as a kill leaves it.
      auto dead = SocketFile::create(fixture.socket);
      REQUIRE(dead);
      std::filesystem::rename(fixture.socket, fixture.directory / "kept");
    }
    std::filesystem::rename(fixture.directory / "kept", fixture.socket);
    REQUIRE(fixture.server.start());
    CHECK(call_host(fixture.socket, "echo", json::object()));
  }
  SECTION("live") {
    ControlServer first({.socket = fixture.socket, .roles = {}}, *fixture.log);
    REQUIRE(first.start());
    const auto second = fixture.server.start();
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "control.in_use");
    CHECK(second.error().message.find(fixture.socket.string()) != std::string::npos);
    fixture.server.stop();
    CHECK(call_host(fixture.socket, "echo", json::object()).error().code == "control.no_command");
  }
  SECTION("a file") {
    std::ofstream(fixture.socket) << "precious";
    const auto started = fixture.server.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == "control.in_use");
    CHECK(std::filesystem::file_size(fixture.socket) == 8);
  }
}

TEST_CASE("a path that is too long or lies nowhere is refused with its name") {
  OpenDirectory directory;
  const auto log = log_to(directory / "log");
  for (const std::filesystem::path& path :
       {directory / std::string(120, 'x').c_str(), directory / "missing" / "control.sock"}) {
    ControlServer server({.socket = path, .roles = {}}, *log);
    const auto started = server.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == "control.cannot_listen");
    CHECK(started.error().message.find(path.string()) != std::string::npos);
  }
}

TEST_CASE("many clients at once all get their own answers") {
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const int id = t * 100 + i;
        const auto answer = call_host(fixture.socket, "echo", {{"id", id}});
        if (answer && (*answer)["arguments"]["id"] == id) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 200);
}

}  // namespace
}  // namespace certspan::test
