#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/config/config.hpp"
#include "host/control/unix_socket.hpp"

namespace certspan {

/// Who is at the other end of a control connection, and what they may do.
struct Peer {
  uid_t uid = 0;
  std::string name;              ///< of the user, or "uid 1000"
  std::optional<Person> person;  ///< nothing: they have no role
};

using Roles = std::map<Person, std::vector<Principal>>;

/// Of the process at the other end, as it was when it connected, with its supplementary groups.
struct Credentials {
  uid_t uid = static_cast<uid_t>(-1);
  std::vector<gid_t> groups;
};

/// By the kernel's word; asks nobody else, so it does not block.
Credentials credentials_of(const FileDescriptor& connection);

/// Whether this machine knows such a user or group now. May block: directories are asked.
bool is_known(const Principal& principal);

/// Whether it is root or the user that runs the host.
bool is_host_itself(const Credentials& client);

/// Names the client and gives them the highest role that `roles` give to them or to one of their groups. Root
/// and the host's own user are admin; who is named nowhere has none. Asks the system's user database, which
/// may block. Thread-safe.
Peer peer_of(const Credentials& client, const Roles& roles);

}  // namespace certspan
