#include "plugins/intune/service/web.hpp"

#include <algorithm>
#include <utility>

namespace certspan::intune {
sdk::HttpOutReply Web::get(const std::string& url, std::vector<sdk::HttpOutField> fields,
                           std::chrono::steady_clock::time_point deadline) const {
  sdk::HttpOutRequest request;
  request.method = "GET";
  request.url = url;
  request.fields = std::move(fields);
  return send(request, deadline);
}

sdk::HttpOutReply Web::post(const std::string& url, std::vector<sdk::HttpOutField> fields, sdk::Bytes body,
                            std::chrono::steady_clock::time_point deadline, std::uint64_t max_answer) const {
  sdk::HttpOutRequest request;
  request.method = "POST";
  request.url = url;
  request.fields = std::move(fields);
  request.body = body;
  request.max_answer = max_answer;
  return send(request, deadline);
}

sdk::HttpOutReply Web::send(sdk::HttpOutRequest& request,
                            std::chrono::steady_clock::time_point deadline) const {
  sdk::HttpOutTls tls;
  tls.trust = sdk::bytes_of(settings_.trust);
  request.tls = settings_.trust.empty() ? nullptr : &tls;
  request.deadline = std::min(deadline, host_.now() + settings_.timeout);
  if (request.max_answer == 0) request.max_answer = kAnswer;
  request.asks_only = true;
  return host_.http_out().send(request);
}

}  // namespace certspan::intune
