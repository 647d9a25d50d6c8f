#include "plugins/common/connector/outgoing_url.hpp"

#include <algorithm>

namespace certspan::connector {

bool is_private_url(std::string_view url) {
  const auto odd = [](char c) { return c <= ' ' || c > '~' || c == '#' || c == '@' || c == '\\'; };
  if (std::ranges::any_of(url, odd)) return false;
  if (url.starts_with("https://")) return url.size() > 8 && url[8] != '/';
  if (!url.starts_with("http://")) return false;
  const std::string_view rest = url.substr(7);
  for (const std::string_view here : {"127.0.0.1", "[::1]"}) {
    if (!rest.starts_with(here)) continue;
    const std::string_view after = rest.substr(here.size());
    if (after.empty() || after[0] == ':' || after[0] == '/') return true;
  }
  return false;
}

std::string_view origin_of(std::string_view url) {
  return url.substr(0, url.find_first_of("/?", url.find("://") + 3));
}

}  // namespace certspan::connector
