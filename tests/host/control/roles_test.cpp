// Who may do what, as the kernel and the user database see real processes of other users. Needs root to make
// them.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/host/control/control_fixture.hpp"

namespace certspan::test {
namespace {

// Users and groups that every Debian has.
struct Who {
  uid_t uid = 0;
  gid_t gid = 0;
};

Who daemon_user(const char* group) {
  const passwd* user = ::getpwnam("daemon");
  REQUIRE(user != nullptr);
  const uid_t uid = user->pw_uid;
  const struct group* entry = ::getgrnam(group);
  REQUIRE(entry != nullptr);
  return {uid, entry->gr_gid};
}

std::string ask_as(const Who& who, const ControlFixture& fixture, const std::string& command,
                   int connections = 1) {
  std::ostringstream line;
  line << CERTSPAN_CONTROL_CLIENT_AS << ' ' << who.uid << ' ' << who.gid << ' ' << fixture.socket.string()
       << ' ' << command << ' ' << connections;
  FILE* pipe = ::popen(line.str().c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 1'024> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size(), pipe);
  ::pclose(pipe);
  return {text.data(), size};
}

Principal user(const std::string& name) {
  return {.group = false, .name = name, .mark = {}};
}
Principal group(const std::string& name) {
  return {.group = true, .name = name, .mark = {}};
}

TEST_CASE("root and the host's own user are admin, whatever the roles say") {
  const Peer peer = peer_of({.uid = ::geteuid(), .groups = {}}, {{Person::Viewer, {user("root")}}});
  CHECK(peer.person == Person::Admin);
  CHECK(peer_of({.uid = 0, .groups = {}}, {}).person == Person::Admin);
  CHECK(peer_of({.uid = 0, .groups = {}}, {}).name == "root");
}

TEST_CASE("the highest role counts, by name or by group, and who is not named has none") {
  const Who daemon = daemon_user("mail");
  const Credentials client{.uid = daemon.uid, .groups = {daemon.gid}};
  CHECK(peer_of(client, {}).person == std::nullopt);
  CHECK(peer_of(client, {}).name == "daemon");
  CHECK(peer_of(client, {{Person::Viewer, {user("daemon")}}}).person == Person::Viewer);
  CHECK(peer_of(client, {{Person::Viewer, {user("daemon")}}, {Person::Officer, {group("mail")}}}).person ==
        Person::Officer);
  CHECK(peer_of(client, {{Person::Admin,
                          {user("mail"), group("daemon"), user("no-such-user"), group("no-such-group")}}})
            .person == std::nullopt);
  CHECK(peer_of({.uid = 3'999'999'999u, .groups = {}}, {{Person::Viewer, {user("daemon")}}}).name ==
        "uid 3999999999");
}

TEST_CASE("another user is refused with the role that is needed, and the refusal is logged") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can be somebody else");
    return;
  }
  const Who daemon = daemon_user("mail");
  SECTION("without a role nothing is told, not even what commands there are") {
    ControlFixture fixture;
    REQUIRE(fixture.server.start());
    const std::string said = ask_as(daemon, fixture, "echo");
    CHECK(said.find("control.not_allowed") == 0);
    CHECK(said.find("viewer") != std::string::npos);
    CHECK(said.find("daemon has no role") != std::string::npos);
    CHECK(said.find("host.control.roles") != std::string::npos);
    CHECK(ask_as(daemon, fixture, "nonsense").find("control.not_allowed") == 0);
    fixture.log->flush();
    std::stringstream log;
    log << std::ifstream(fixture.log_file).rdbuf();
    CHECK(log.str().find("command refused") != std::string::npos);
  }
  SECTION("with a lower role the refusal names both") {
    ControlFixture fixture({{Person::Viewer, {user("daemon")}}});
    REQUIRE(fixture.server.start());
    CHECK(ask_as(daemon, fixture, "echo") == "ok");
    const std::string said = ask_as(daemon, fixture, "retry");
    CHECK(said.find("control.not_allowed: \"retry\" needs the role operator, and daemon has viewer") == 0);
  }
  SECTION("a supplementary group gives a role") {
    ControlFixture fixture({{Person::Operator, {group("mail")}}});
    REQUIRE(fixture.server.start());
    CHECK(ask_as(daemon, fixture, "retry").find("work.busy") == 0);
    CHECK(ask_as(daemon_user("games"), fixture, "retry").find("control.not_allowed") == 0);
  }
}

TEST_CASE("one user cannot take all connections from the others") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can be somebody else");
    return;
  }
  ControlFixture fixture({{Person::Viewer, {user("daemon")}}});
  REQUIRE(fixture.server.start());
  CHECK(ask_as(daemon_user("mail"), fixture, "echo", 16) == "ok");
  CHECK(ask_as(daemon_user("mail"), fixture, "echo", 17).find("control.busy") == 0);
  CHECK(call_host(fixture.socket, "echo", nlohmann::json::object()));
}

TEST_CASE("a socket behind a closed directory says so") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can be somebody else");
    return;
  }
  ControlFixture fixture;
  REQUIRE(fixture.server.start());
  std::filesystem::permissions(fixture.socket.parent_path(), std::filesystem::perms(0700));
  CHECK(ask_as(daemon_user("mail"), fixture, "echo").find("control.not_allowed") == 0);
}

}  // namespace
}  // namespace certspan::test
