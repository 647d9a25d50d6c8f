#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/config/config.hpp"
#include "host/control/unix_socket.hpp"

namespace certspan {

/// Who is at the other end of a control connection, by the kernel's word, and what they may do.
struct Peer {
  uid_t uid = 0;
  std::string name;  ///< of the user, or "uid 1000"
  Person person = Person::Viewer;
};

/// The highest role that `roles` give to this user or one of their groups. Root and the host's own user are
/// admin; who is not named is a viewer only if the file names no viewer at all.
std::optional<Person> person_of(uid_t uid, gid_t gid, const std::map<Person, std::vector<Principal>>& roles);

/// Nothing: the kernel can't tell, or they have no role.
std::optional<Peer> peer_of(const FileDescriptor& connection,
                            const std::map<Person, std::vector<Principal>>& roles);

}  // namespace certspan
