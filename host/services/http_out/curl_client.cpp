// The one file that knows libcurl.
#include "host/services/http_out/curl_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <mutex>
#include <utility>

#include <curl/curl.h>

namespace certspan {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLongestHead = 64UL * 1024;
constexpr long kMostConnections = 4;  // of one handle, each to another server
constexpr long kLongestIdle = 60;     // seconds
constexpr std::size_t kMostIdleHandles = 16;

struct HandleEnd {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleEnd>;

struct UrlEnd {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// The lines of a request's head for libcurl, which keeps copies; they are wiped when the list goes.
class HeadLines {
 public:
  HeadLines() = default;
  HeadLines(const HeadLines&) = delete;
  HeadLines& operator=(const HeadLines&) = delete;
  ~HeadLines() {
    for (curl_slist* line = list_; line != nullptr; line = line->next) {
      OPENSSL_cleanse(line->data, std::char_traits<char>::length(line->data));
    }
    curl_slist_free_all(list_);
  }

  bool add(const char* line) {
    curl_slist* longer = curl_slist_append(list_, line);
    if (longer == nullptr) return false;
    list_ = longer;
    return true;
  }
  curl_slist* list() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

/// Scheme, server and port of a URL, for messages: paths and queries may hold secrets. Empty: no URL for us.
struct Place {
  std::string origin;
  bool tls = false;
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

Place place_of(const std::string& text) {
  const std::unique_ptr<CURLU, UrlEnd> url(curl_url());
  const unsigned flags = CURLU_DISALLOW_USER | CURLU_NO_DEFAULT_PORT;
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK) return {};
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const bool known = scheme == "http" || scheme == "https";
  if (!known || host.empty() || !part_of(url.get(), CURLUPART_FRAGMENT).empty()) return {};
  const std::string port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  return {scheme + "://" + host + ":" + port, scheme == "https"};
}

OutgoingResult failed(OutgoingFailure failure, bool left, std::string message) {
  OutgoingResult result;
  result.failure = failure;
  result.left = left;
  result.message = std::move(message);
  return result;
}

/// One request on one handle: its options, what comes back, and the book of what left. On the stack of the
/// caller.
class Transfer {
 public:
  Transfer(CURL* handle, const HttpOutOptions& options, const OutgoingRequest& request, Place place)
      : handle_(handle), options_(options), request_(request), place_(std::move(place)) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  // Nothing borrowed stays in the handle; its connections do.
  ~Transfer() { curl_easy_reset(handle_); }

  OutgoingResult run() {
    const auto left_time = std::chrono::ceil<milliseconds>(request_.deadline - steady_clock::now());
    if (left_time.count() <= 0) return failed(OutgoingFailure::NoTime, false, "the deadline has passed");
    if (!set_up(left_time)) {
      return failed(OutgoingFailure::BadRequest, false, "libcurl does not take the request");
    }
    return verdict(curl_easy_perform(handle_));
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    good_ = curl_easy_setopt(handle_, option, value) == CURLE_OK && good_;
  }

  void set_pem(CURLoption option, BytesView pem) {
    if (pem.empty()) return;
    // The bytes outlive the transfer, which resets the handle.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): libcurl's struct wants it so; it only reads
    curl_blob blob = {const_cast<std::uint8_t*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
    set(option, &blob);
  }

  bool set_up(milliseconds time) {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_USERAGENT, "certspan");
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_MAXCONNECTS, kMostConnections);
    set(CURLOPT_MAXAGE_CONN, kLongestIdle);
    set(CURLOPT_TIMEOUT_MS, time.count());
    set(CURLOPT_CONNECTTIMEOUT_MS, std::min(time, options_.connect_timeout).count());
    set_proxy();
    set_tls();
    set_method();
    set_head();
    set_callbacks();
    return good_;
  }

  void set_proxy() {
    // Set even if empty: libcurl would ask the environment.
    set(CURLOPT_PROXY, options_.proxy.c_str());
    std::string exceptions;
    for (const std::string& host : options_.no_proxy) exceptions += (exceptions.empty() ? "" : ",") + host;
    set(CURLOPT_NOPROXY, exceptions.c_str());
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  }

  void set_tls() {
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!request_.trust.empty()) {
      set_pem(CURLOPT_CAINFO_BLOB, request_.trust);
      // The blob takes the place of the machine's file, but not of its directory.
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    set_pem(CURLOPT_SSLCERT_BLOB, request_.certificate);
    set_pem(CURLOPT_SSLKEY_BLOB, request_.key.reveal());
  }

  void set_method() {
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
      return;
    }
    if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS,
          request_.body.empty() ? "" : reinterpret_cast<const char*>(request_.body.data()));
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  void set_head() {
    // What libcurl would add of itself: a type for the body, and a pause in the hope of "100 Continue".
    good_ = lines_.add("Content-Type:") && lines_.add("Expect:") && good_;
    for (const Secret& line : request_.lines) {
      good_ = lines_.add(reinterpret_cast<const char*>(line.reveal().data())) && good_;
    }
    set(CURLOPT_HTTPHEADER, lines_.list());
  }

  void set_callbacks() {
    set(CURLOPT_PREREQFUNCTION, &before_request);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &on_head);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, this);
  }

  /// Bytes of requests that the network took: the tunnel's to a proxy, then ours.
  long request_bytes() const {
    long bytes = 0;
    curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes;
  }

  /// Called when name, connection, tunnel and TLS are done and before the first byte of the request. A second
  /// time: libcurl found a kept connection broken and would send the request again.
  static int before_request(void* data, char*, char*, int, int) {
    auto& self = *static_cast<Transfer*>(data);
    if (self.reached_ && self.any_left() && !self.request_.asks_only) return CURL_PREREQFUNC_ABORT;
    if (!self.reached_) self.before_ = self.request_bytes();
    self.reached_ = true;
    return CURL_PREREQFUNC_OK;
  }

  /// Over TLS a part of a record may be on its way before libcurl counts it, so nothing is certain once it
  /// began.
  bool any_left() const { return reached_ && (place_.tls || request_bytes() > before_); }

  static std::size_t on_head(char* data, std::size_t, std::size_t size, void* context) {
    return static_cast<Transfer*>(context)->take_head({data, size}) ? size : 0;
  }

  bool take_head(std::string_view line) try {
    head_size_ += line.size();
    if (head_size_ > kLongestHead) {
      too_large_ = true;
      return false;
    }
    if (line.starts_with("HTTP/")) result_.fields.clear();  // an interim answer came before
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    line.remove_prefix(colon + 1);
    const std::size_t first = line.find_first_not_of(" \t\r\n");
    const std::size_t last = line.find_last_not_of(" \t\r\n");
    result_.fields.emplace_back(std::move(name), first == std::string_view::npos
                                                     ? std::string_view()
                                                     : line.substr(first, last - first + 1));
    return true;
  } catch (const std::exception&) {
    return false;
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* context) {
    return static_cast<Transfer*>(context)->take_body(as_bytes({data, size})) ? size : 0;
  }

  bool take_body(BytesView bytes) try {
    if (bytes.size() > request_.max_answer - result_.body.size()) {
      too_large_ = true;
      return false;
    }
    result_.body.insert(result_.body.end(), bytes.begin(), bytes.end());
    return true;
  } catch (const std::exception&) {
    return false;
  }

  OutgoingResult verdict(CURLcode code) {
    if (code != CURLE_OK) {
      const char* why = error_.front() != '\0' ? error_.data() : curl_easy_strerror(code);
      const bool left = any_left();
      return failed(kind_of(code, left), left, place_.origin + ": " + why);
    }
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    result_.status = static_cast<std::uint32_t>(status);
    return std::move(result_);
  }

  OutgoingFailure kind_of(CURLcode code, bool left) const {
    if (too_large_) return OutgoingFailure::TooLarge;
    switch (code) {
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
        return OutgoingFailure::NoName;
      case CURLE_OPERATION_TIMEDOUT:
        return OutgoingFailure::NoTime;
      case CURLE_WEIRD_SERVER_REPLY:
      case CURLE_UNSUPPORTED_PROTOCOL:  // said of an answer without a status line
      case CURLE_BAD_CONTENT_ENCODING:
        return left ? OutgoingFailure::NoHttp : OutgoingFailure::BadRequest;
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_SSL_CERTPROBLEM:
      case CURLE_SSL_CIPHER:
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_ISSUER_ERROR:
        return left ? OutgoingFailure::Broken : OutgoingFailure::NoTls;
      default:
        return left ? OutgoingFailure::Broken : OutgoingFailure::NoConnection;
    }
  }

  CURL* handle_;
  const HttpOutOptions& options_;
  const OutgoingRequest& request_;
  const Place place_;
  HeadLines lines_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  OutgoingResult result_;
  std::size_t head_size_ = 0;
  long before_ = 0;  // request bytes when the request itself began
  bool reached_ = false;
  bool too_large_ = false;
  bool good_ = true;
};

}  // namespace

/// Handles that wait for their connector's next request, the last used first; each keeps its connections.
struct CurlClient::State {
  explicit State(HttpOutOptions o) : options(std::move(o)) {}

  Handle take(std::string_view connector) {
    const std::lock_guard lock(mutex);
    // The first use in this process; libcurl counts further ones.
    if (!ready) ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    auto found = idle.find(connector);
    if (found == idle.end() || found->second.empty()) return Handle(ready ? curl_easy_init() : nullptr);
    Handle handle = std::move(found->second.back());
    found->second.pop_back();
    return handle;
  }

  void give_back(std::string_view connector, Handle handle) {
    const std::lock_guard lock(mutex);
    auto& handles = idle[std::string(connector)];
    if (handles.size() < kMostIdleHandles) handles.push_back(std::move(handle));
  }

  const HttpOutOptions options;
  std::mutex mutex;
  bool ready = false;
  std::map<std::string, std::vector<Handle>, std::less<>> idle;
};

CurlClient::CurlClient(HttpOutOptions options) : state_(std::make_unique<State>(std::move(options))) {}

CurlClient::~CurlClient() = default;

OutgoingResult CurlClient::send(std::string_view connector, const OutgoingRequest& request) {
  Place place = place_of(request.url);
  if (place.origin.empty()) {
    return failed(OutgoingFailure::BadRequest, false,
                  "the URL is none of http or https, or has a user or a fragment");
  }
  Handle handle = state_->take(connector);
  if (!handle) return failed(OutgoingFailure::NoConnection, false, "libcurl can't be used: out of memory");
  OutgoingResult result = Transfer(handle.get(), state_->options, request, std::move(place)).run();
  state_->give_back(connector, std::move(handle));
  return result;
}

}  // namespace certspan
