// What a proxy says of the client, by PROXY header and by X-Forwarded-For: whatever it is, nothing or an
// address that can be read again comes of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/services/http/client_address.hpp"
#include "host/services/http/proxy_header.hpp"

using namespace certspan;

namespace {

void expect_address(const std::string& text) {
  if (!text.empty() && !http::address_of(text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  if (size >= http::kProxyHead) {
    const auto header =
        http::parse_proxy_header(bytes.first<http::kProxyHead>(), bytes.subspan(http::kProxyHead));
    if (header) expect_address(header->client);
  }
  static const std::vector<IpNetwork> proxies = {*parse_ip_network("10.0.0.0/8"), *parse_ip_network("::1")};
  expect_address(http::client_address("10.0.0.1:1",
                                      std::string_view(reinterpret_cast<const char*>(data), size), proxies));
  return 0;
}
