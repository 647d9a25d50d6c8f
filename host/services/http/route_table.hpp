#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/services/http/http_server.hpp"

namespace certspan::http {

struct RouteEntry {
  HttpRoute route;
  HttpHandler handler;
};

/// Which handler takes which path. Thread-safe; entries are immutable and shared with the requests that found
/// them.
class RouteTable {
 public:
  Result<void> add(const HttpRoute& route, HttpHandler handler);
  void remove(std::string_view owner, std::span<const HttpPlace> kept = {});
  /// The route with the longest path that takes `path`, or null.
  std::shared_ptr<const RouteEntry> find(std::string_view listener, std::string_view path) const;

 private:
  using Entries = std::vector<std::shared_ptr<const RouteEntry>>;  // longest path first

  mutable Mutex mutex_;
  std::map<std::string, Entries, std::less<>> by_listener_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan::http
