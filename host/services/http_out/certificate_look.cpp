#include "host/services/http_out/certificate_look.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include <curl/curl.h>

namespace certspan {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::string_view kIssuer = "Issuer:";

std::string last_issuer(CURL* handle) {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(handle, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr) return {};
  if (chain->num_of_certs < 1) return {};
  const curl_slist* line = chain->certinfo[chain->num_of_certs - 1];
  for (; line != nullptr; line = line->next) {
    const std::string_view text = line->data;
    if (text.starts_with(kIssuer)) return std::string(text.substr(kIssuer.size(), kLongestName));
  }
  return {};
}

}  // namespace

std::string issuer_shown(const std::string& url, const HttpOutOptions& options) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  if (!handle) return {};
  std::string exceptions;
  for (const std::string& host : options.no_proxy) exceptions += (exceptions.empty() ? "" : ",") + host;
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = curl_easy_setopt(handle.get(), option, value) == CURLE_OK && good;
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, options.proxy.c_str());
  set(CURLOPT_NOPROXY, exceptions.c_str());
  set(CURLOPT_TIMEOUT_MS, options.connect_timeout.count());
  // Looks at whoever answers and says nothing to him: the connection ends with the handshake.
  set(CURLOPT_SSL_VERIFYPEER, 0L);
  set(CURLOPT_SSL_VERIFYHOST, 0L);
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_CERTINFO, 1L);
  if (!good || curl_easy_perform(handle.get()) != CURLE_OK) return {};
  std::string issuer = last_issuer(handle.get());
  std::ranges::replace_if(
      issuer, [](unsigned char c) { return c < 0x20 || c > 0x7E; }, '?');
  return issuer;
}

}  // namespace certspan
