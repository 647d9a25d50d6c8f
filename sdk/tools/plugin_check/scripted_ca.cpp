#include "sdk/tools/plugin_check/scripted_ca.hpp"

#include <algorithm>
#include <regex>

#include "host/base/bytes.hpp"
#include "sdk/tools/plugin_check/certificates.hpp"

namespace certspan::check {
namespace {

using sdk::testing::HttpOutScript;
using sdk::testing::RecordedHttpOut;

bool fits(const CaRule& rule, const RecordedHttpOut& request, std::string_view body) {
  return (rule.method.empty() || rule.method == request.method) &&
         request.url.find(rule.url) != std::string::npos &&
         body.find(rule.contains) != std::string_view::npos;
}

std::string head_and_body(const RecordedHttpOut& request, std::string_view body) {
  std::string text = request.method + " " + request.url + "\n";
  for (const RecordedHttpOut::Field& field : request.fields) text += field.name + ": " + field.value + "\n";
  return text + "\n" + std::string(body);
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

/// As it stands between the quotation marks of JSON.
std::string with_escaped_lines(std::string text) {
  replace_all(text, "\n", "\\n");
  return text;
}

void put_certificate(std::string& body, const sdk::ByteBuffer& certificate) {
  replace_all(body, "${certificate.pem}", with_escaped_lines(pem_certificate(certificate)));
  replace_all(body, "${certificate.base64}", base64(certificate));
  replace_all(body, "${certificate.hex}", to_hex(certificate));
  replace_all(body, "${certificate.der}", std::string(sdk::text_of(certificate)));
}

}  // namespace

void use_one_certificate(std::vector<CaRule>& rules) {
  const sdk::ByteBuffer certificate = make_certificate();
  for (CaRule& rule : rules) put_certificate(rule.body, certificate);
}

HttpOutScript ScriptedCa::answer(const RecordedHttpOut& request) {
  if (rules_.empty()) return HttpOutScript::refused();
  const std::string_view body = sdk::text_of(request.body);
  const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                 [&](const CaRule& each) { return fits(each, request, body); });
  if (rule == rules_.end()) return HttpOutScript::answer(404, "no rule of the scripted CA fits this request");
  if (rule->order_key.empty()) return fill_in(*rule);
  const std::string whole = head_and_body(request, body);
  std::smatch key;
  const bool named = std::regex_search(whole, key, std::regex(rule->order_key)) && key.size() > 1;
  const std::lock_guard lock(mutex_);
  if (!named) {
    if (!rule->asks) ++nameless_;
    return fill_in(*rule);
  }
  const std::string order = key[1].str();
  const auto known = orders_.find(order);
  if (known != orders_.end()) return known->second;
  HttpOutScript fresh = fill_in(*rule, order);
  if (!rule->asks) return orders_.emplace(order, std::move(fresh)).first->second;
  return HttpOutScript::answer(404, {}, std::move(fresh.fields));
}

std::size_t ScriptedCa::orders() const {
  const std::lock_guard lock(mutex_);
  return orders_.size() + nameless_;
}

bool ScriptedCa::knows_orders() const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [](const CaRule& rule) { return !rule.order_key.empty(); });
}

HttpOutScript ScriptedCa::fill_in(const CaRule& rule, const std::string& order) {
  std::string body = rule.body;
  replace_all(body, "${order}", order);
  std::vector<sdk::Label> headers = rule.headers;
  for (sdk::Label& header : headers) replace_all(header.value, "${order}", order);
  if (body.find("${certificate.") != std::string::npos) put_certificate(body, make_certificate());
  return HttpOutScript::answer(rule.status, body, std::move(headers));
}

}  // namespace certspan::check
