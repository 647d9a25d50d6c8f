#include "host/services/http/route_table.hpp"

#include <algorithm>
#include <utility>

namespace certspan::http {
namespace {

bool is_route_path(std::string_view path) {
  if (path.empty() || path.front() != '/' || (path.size() > 1 && path.back() == '/')) return false;
  return std::all_of(path.begin(), path.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
}

bool takes(std::string_view route, std::string_view path) {
  if (route == "/") return path.starts_with('/');
  return path.starts_with(route) && (path.size() == route.size() || path[route.size()] == '/');
}

}  // namespace

Result<void> RouteTable::add(const HttpRoute& route, HttpHandler handler) {
  if (!is_route_path(route.path)) {
    return fail(
        Outcome::Invalid, "http.bad_path",
        "path \"" + route.path + "\" is no route: write it like \"/scep\", without '?' and final '/'");
  }
  auto entry = std::make_shared<const RouteEntry>(RouteEntry{route, std::move(handler)});
  const MutexLock lock(mutex_);
  Entries& entries = by_listener_[route.listener];
  for (auto& present : entries) {
    if (present->route.path != route.path) continue;
    if (present->route.owner != route.owner) {
      return fail(Outcome::Rejected, "http.route_taken",
                  "path \"" + route.path + "\" on listener \"" + route.listener +
                      "\" belongs to connector \"" + present->route.owner + "\": give \"" + route.owner +
                      "\" another path");
    }
    present = std::move(entry);
    return {};
  }
  const auto place = std::find_if(entries.begin(), entries.end(), [&](const auto& present) {
    return present->route.path.size() < route.path.size();
  });
  entries.insert(place, std::move(entry));
  return {};
}

void RouteTable::remove(std::string_view owner, std::span<const HttpPlace> kept) {
  const auto goes = [&](const HttpRoute& route) {
    return route.owner == owner &&
           std::ranges::find(kept, HttpPlace{route.listener, route.path}) == kept.end();
  };
  const MutexLock lock(mutex_);
  for (auto& [listener, entries] : by_listener_) {
    std::erase_if(entries, [&](const auto& entry) { return goes(entry->route); });
  }
}

std::shared_ptr<const RouteEntry> RouteTable::find(std::string_view listener, std::string_view path) const {
  const MutexLock lock(mutex_);
  const auto entries = by_listener_.find(listener);
  if (entries == by_listener_.end()) return nullptr;
  for (const auto& entry : entries->second) {
    if (takes(entry->route.path, path)) return entry;
  }
  return nullptr;
}

}  // namespace certspan::http
