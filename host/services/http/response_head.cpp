#include "host/services/http/response_head.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

namespace certspan::http {
namespace {

std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
  }
  return "Status";
}

// One text for each second; a thread makes it again only when the second has passed.
std::string_view date_now() {
  thread_local std::time_t made_for = 0;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_for || size == 0) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);  // RFC 9110, 5.6.7
    made_for = now;
  }
  return {text.data(), size};
}

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

bool is_field_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && std::ranges::all_of(name, good);
}

/// What is said of the connection or of the body must be true, so it is said here alone.
bool is_own_field(std::string_view name) {
  constexpr std::string_view kOwn[] = {"connection", "content-length", "content-type",
                                       "date",       "retry-after",    "transfer-encoding"};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::any_of(kOwn,
                             [&](std::string_view own) { return std::ranges::equal(name, own, {}, lower); });
}

bool may_be_sent(const HttpResponse& response) {
  if (response.status < 200 || response.status > 599 || !is_field_value(response.content_type)) return false;
  return std::ranges::all_of(response.fields, [](const auto& field) {
    return is_field_name(field.first) && !is_own_field(field.first) && is_field_value(field.second);
  });
}

}  // namespace

std::string response_head(HttpResponse& response, bool http_1_1, bool keep_alive) {
  if (!may_be_sent(response)) response = HttpResponse{.status = 500};
  const bool no_body = response.status == 204 || response.status == 304;  // RFC 9110, 6.4.1
  if (no_body) response.body.clear();
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(reason(response.status));
  head.append("\r\nDate: ").append(date_now());
  if (!no_body) head.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
  if (!response.content_type.empty()) head.append("\r\nContent-Type: ").append(response.content_type);
  if (response.retry_after_s != 0) {
    head.append("\r\nRetry-After: ").append(std::to_string(response.retry_after_s));
  }
  for (const auto& [name, value] : response.fields)
    head.append("\r\n").append(name).append(": ").append(value);
  if (!keep_alive) head.append("\r\nConnection: close");
  if (keep_alive && !http_1_1) head.append("\r\nConnection: keep-alive");
  return head.append("\r\n\r\n");
}

}  // namespace certspan::http
