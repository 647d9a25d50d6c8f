#include "host/control/peer.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace certspan {
namespace {

constexpr std::size_t kLookUpBuffer = 16384;

std::string user_name(uid_t uid) {
  std::vector<char> buffer(kLookUpBuffer);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? "uid " + std::to_string(uid) : std::string(found->pw_name);
}

std::optional<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(kLookUpBuffer);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

/// The groups that the process itself has, not those that the user could have by now.
std::vector<gid_t> groups_of(const FileDescriptor& connection, gid_t primary) {
  std::vector<gid_t> groups(64);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const bool known = ::getsockopt(connection.get(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
    const std::size_t count = size / sizeof(gid_t);
    if (!known && errno == ERANGE && count > groups.size()) {
      groups.resize(count);
      continue;
    }
    groups.resize(known ? count : 0);
    groups.push_back(primary);
    return groups;
  }
}

std::optional<Person> person_of(const std::string& name, const std::vector<gid_t>& groups,
                                const Roles& roles) {
  const auto is_client = [&](const Principal& principal) {
    if (!principal.group) return principal.name == name;
    const auto id = group_id(principal.name);
    return id && std::ranges::find(groups, *id) != groups.end();
  };
  for (const Person person : {Person::Admin, Person::Officer, Person::Operator, Person::Viewer}) {
    const auto named = roles.find(person);
    if (named != roles.end() && std::ranges::any_of(named->second, is_client)) return person;
  }
  return std::nullopt;
}

bool user_known(const std::string& name) {
  std::vector<char> buffer(kLookUpBuffer);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr;
}

}  // namespace

bool is_known(const Principal& principal) {
  return principal.group ? group_id(principal.name).has_value() : user_known(principal.name);
}

Credentials credentials_of(const FileDescriptor& connection) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return {.uid = credentials.uid, .groups = groups_of(connection, credentials.gid)};
}

bool is_host_itself(const Credentials& client) {
  return client.uid == 0 || client.uid == ::geteuid();
}

Peer peer_of(const Credentials& client, const Roles& roles) {
  Peer peer{.uid = client.uid, .name = user_name(client.uid), .person = Person::Admin};
  if (!is_host_itself(client)) peer.person = person_of(peer.name, client.groups, roles);
  return peer;
}

}  // namespace certspan
