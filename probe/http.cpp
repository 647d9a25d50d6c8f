#include "probe/http.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <curl/curl.h>
#include <fmt/core.h>

namespace certspan::scep_probe {
namespace {

constexpr int kOk = 200;

struct UrlEnd {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListEnd {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// What comes back, up to a limit.
struct Body {
  Bytes bytes;
  std::size_t most;
  bool too_large = false;

  static std::size_t take(char* data, std::size_t, std::size_t size, void* context) {
    auto& self = *static_cast<Body*>(context);
    if (size > self.most - self.bytes.size()) {
      self.too_large = true;
      return 0;
    }
    const auto view = pki::as_bytes({data, size});
    self.bytes.insert(self.bytes.end(), view.begin(), view.end());
    return size;
  }
};

Failure broken_transfer(CURLcode code, const std::string& why) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {"the server's name can't be resolved: " + why, "look at the URL, and at DNS on this machine"};
    case CURLE_COULDNT_CONNECT:
      return {"no connection to the server: " + why,
              "see whether it runs and listens there, and at firewalls between"};
    case CURLE_OPERATION_TIMEDOUT:
      return {"no whole answer in time: " + why,
              "see whether the server is overloaded or stuck (certspan status), or give --timeout more"};
    case CURLE_SSL_CACERT_BADFILE:
      return {"--tls-ca can't be read: " + why,
              "name a PEM file with the CA of the server's TLS certificate"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return {"the server's TLS certificate is not trusted: " + why,
              "devices turn away as well if they have it so: renew it, or name its CA with --tls-ca"};
    case CURLE_SSL_CONNECT_ERROR:
      return {"TLS with the server fails: " + why, "see whether that port speaks TLS 1.2 or newer"};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return {"the connection broke before the answer was whole: " + why,
              "look into the log of the server, and of proxies before it"};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {"the server does not speak HTTP: " + why, "look at the port of the URL"};
    default:  // libcurl's list is open
      return {"the request failed: " + why, "look into the log of the server, and of proxies before it"};
  }
}

Failure bad_status(CURL* handle, long status) {
  char* place = nullptr;
  curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &place);
  if (place != nullptr) {
    return {fmt::format("the server answers with {} and sends on to {}", status, printable(place)),
            "devices don't follow to another place: give them, and this command, the URL itself"};
  }
  if (status == 404 || status == 405) {
    return {fmt::format("the server answers with {}", status),
            "look at the path of the URL: there is no SCEP there"};
  }
  if (status == 503) {
    return {"the server answers with 503",
            "it is there but takes no work now: see its log, or certspan status"};
  }
  return {fmt::format("the server answers with {}", status),
          "look into the log of the server, and of proxies before it"};
}

std::string type_without_parameters(const char* type) {
  std::string text = type != nullptr ? type : "";
  text = text.substr(0, text.find_first_of("; \t"));
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

void set_common(CURL* handle, const std::string& url, const std::filesystem::path& tls_ca,
                long milliseconds) {
  curl_easy_reset(handle);
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "certspan-scep-probe");
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds);
  if (tls_ca.empty()) return;
  curl_easy_setopt(handle, CURLOPT_CAINFO, tls_ca.c_str());
  curl_easy_setopt(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

}  // namespace

HttpEndpoint::HttpEndpoint(std::string url, std::filesystem::path tls_ca, Deadline deadline)
    : url_(std::move(url)), tls_ca_(std::move(tls_ca)), deadline_(deadline), handle_(curl_easy_init()) {}

HttpEndpoint::~HttpEndpoint() {
  curl_easy_cleanup(handle_);
}

Result<void> HttpEndpoint::check_url() const {
  const std::unique_ptr<CURLU, UrlEnd> url(curl_url());
  const bool good =
      url && curl_url_set(url.get(), CURLUPART_URL, url_.c_str(), CURLU_DISALLOW_USER) == CURLUE_OK;
  const std::string scheme = good ? part_of(url.get(), CURLUPART_SCHEME) : "";
  if ((scheme == "http" || scheme == "https") && part_of(url.get(), CURLUPART_QUERY).empty() &&
      part_of(url.get(), CURLUPART_FRAGMENT).empty()) {
    return {};
  }
  return fail("\"" + printable(url_) + "\" is no URL of a SCEP endpoint",
              "give it as devices have it, without user, query and fragment: http://host/scep");
}

Result<HttpAnswer> HttpEndpoint::get(const std::string& operation, const std::string& message,
                                     std::size_t most) {
  return send(operation, message, nullptr, most);
}

Result<HttpAnswer> HttpEndpoint::post(BytesView message, std::size_t most) {
  const Bytes body = pki::to_bytes(message);
  return send("PKIOperation", "", &body, most);
}

Result<HttpAnswer> HttpEndpoint::send(const std::string& operation, const std::string& message,
                                      const Bytes* body, std::size_t most) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - std::chrono::steady_clock::now());
  if (left.count() <= 0)
    return fail("the time of --timeout is up", "see why the server is slow, or give it more");
  std::string url = url_ + "?operation=" + operation;
  if (!message.empty()) {
    char* escaped = curl_easy_escape(handle_, message.data(), static_cast<int>(message.size()));
    if (escaped != nullptr) url += std::string("&message=") + escaped;
    curl_free(escaped);
  }
  set_common(handle_, url, tls_ca_, left.count());
  std::array<char, CURL_ERROR_SIZE> why{};
  Body answer{{}, most};
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &Body::take);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer);
  std::unique_ptr<curl_slist, ListEnd> lines;
  if (body != nullptr) {
    lines.reset(
        curl_slist_append(curl_slist_append(nullptr, "Content-Type: application/x-pki-message"), "Expect:"));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, reinterpret_cast<const char*>(body->data()));
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, lines.get());
  }
  const CURLcode code = curl_easy_perform(handle_);
  if (answer.too_large) {
    return fail(fmt::format("the server's answer is longer than {} KB", most / 1024),
                "no SCEP server sends that: look at the URL");
  }
  if (code != CURLE_OK) {
    return tl::unexpected(
        broken_transfer(code, printable(why.front() != '\0' ? why.data() : curl_easy_strerror(code))));
  }
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  if (status != kOk) return tl::unexpected(bad_status(handle_, status));
  const char* type = nullptr;
  curl_easy_getinfo(handle_, CURLINFO_CONTENT_TYPE, &type);
  return HttpAnswer{type_without_parameters(type), std::move(answer.bytes)};
}

}  // namespace certspan::scep_probe
