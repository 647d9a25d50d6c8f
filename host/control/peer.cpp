#include "host/control/peer.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

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

std::vector<gid_t> groups_of(const std::string& user, gid_t gid) {
  int count = 256;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user.c_str(), gid, groups.data(), &count) < 0) return {gid};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

std::optional<Person> person_of(uid_t uid, gid_t gid, const std::map<Person, std::vector<Principal>>& roles) {
  if (uid == 0 || uid == ::geteuid()) return Person::Admin;
  const std::string name = user_name(uid);
  const std::vector<gid_t> groups = groups_of(name, gid);
  const auto is_peer = [&](const Principal& principal) {
    if (!principal.group) return principal.name == name;
    const auto id = group_id(principal.name);
    return id && std::ranges::find(groups, *id) != groups.end();
  };
  for (const Person person : {Person::Admin, Person::Officer, Person::Operator, Person::Viewer}) {
    const auto named = roles.find(person);
    if (named != roles.end() && std::ranges::any_of(named->second, is_peer)) return person;
  }
  if (!roles.contains(Person::Viewer)) return Person::Viewer;
  return std::nullopt;
}

std::optional<Peer> peer_of(const FileDescriptor& connection,
                            const std::map<Person, std::vector<Principal>>& roles) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  const auto person = person_of(credentials.uid, credentials.gid, roles);
  if (!person) return std::nullopt;
  return Peer{credentials.uid, user_name(credentials.uid), *person};
}

}  // namespace certspan
