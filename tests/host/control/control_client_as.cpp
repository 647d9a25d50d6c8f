// control_client_as UID GID SOCKET COMMAND COUNT: becomes that user, opens COUNT connections, asks COMMAND on
// the last one, and prints "ok" or the error's code and text.
#include <grp.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "host/control/control_client.hpp"
#include "host/control/unix_socket.hpp"

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const auto uid = static_cast<uid_t>(std::stoul(argv[1]));
  const auto gid = static_cast<gid_t>(std::stoul(argv[2]));
  // The group that is tested is a supplementary one, as people have them.
  if (::setgroups(1, &gid) != 0 || ::setgid(65534) != 0 || ::setuid(uid) != 0) return 3;
  std::vector<certspan::FileDescriptor> held;
  for (int i = std::atoi(argv[5]); i > 1; --i) {
    auto connection = certspan::connect_to(argv[3], std::chrono::seconds(10));
    if (connection) held.push_back(std::move(*connection));
  }
  const auto answer = certspan::call_host(argv[3], argv[4], nlohmann::json::object());
  std::cout << (answer ? "ok" : answer.error().code + ": " + answer.error().message) << std::flush;
  return 0;
}
