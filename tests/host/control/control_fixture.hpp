#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "host/control/control_client.hpp"
#include "host/control/control_server.hpp"

namespace certspan::test {

/// A directory of the test's own that everybody may enter.
class OpenDirectory {
 public:
  OpenDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "certspan-control-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~OpenDirectory() { std::filesystem::remove_all(path_); }
  OpenDirectory(const OpenDirectory&) = delete;
  OpenDirectory& operator=(const OpenDirectory&) = delete;

  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<Log> log_to(const std::filesystem::path& file) {
  auto log = Log::open({.level = LogLevel::Info, .format = LogFormat::Json, .file = file});
  REQUIRE(log);
  return std::move(*log);
}

/// A server with "echo" for viewers and "retry" for operators, not yet started.
struct ControlFixture {
  explicit ControlFixture(Roles roles = {}, ControlLoop::Options limits = {})
      : server({.socket = socket, .roles = std::move(roles), .limits = limits}, *log) {
    server.add_command("echo", Person::Viewer,
                       [](const nlohmann::json& arguments, const Peer& peer) -> Result<nlohmann::json> {
                         return nlohmann::json{{"arguments", arguments}, {"who", peer.name}};
                       });
    server.add_command("retry", Person::Operator,
                       [](const nlohmann::json&, const Peer&) -> Result<nlohmann::json> {
                         return fail(Outcome::Unavailable, "work.busy", "work item \"1\" is busy");
                       });
  }

  OpenDirectory directory;
  std::filesystem::path socket = directory / "control.sock";
  std::filesystem::path log_file = directory / "log";
  std::unique_ptr<Log> log = log_to(log_file);
  ControlServer server;
};

}  // namespace certspan::test
