#include "plugins/ndes/webhook/webhook.hpp"

#include <chrono>

#include "plugins/common/connector/outgoing_url.hpp"
#include "plugins/common/pki/base64.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/ndes/json_settings.hpp"
#include "plugins/ndes/keyed_hash.hpp"
#include "plugins/ndes/webhook/webhook_answer.hpp"
#include "plugins/ndes/webhook/webhook_body.hpp"

namespace certspan::scep {
namespace {

constexpr std::uint64_t kLargestAnswer = 64UL * 1024;
constexpr std::size_t kShortestSecret = 16;
constexpr std::int64_t kDefaultTimeoutMs = 10'000;

sdk::Answer no_answer(const sdk::HttpOutReply& reply) {
  return sdk::Answer::unavailable("webhook.no_answer", "the webhook gave no answer: " + reply.message);
}

sdk::Answer wrong_status(const sdk::HttpOutReply& reply, const std::string& wanted) {
  return sdk::Answer::unavailable(
      "webhook.status", "the webhook answered HTTP " + std::to_string(reply.status) + ", not " + wanted);
}

}  // namespace

bool Webhook::validate_settings(std::string_view settings, sdk::Faults& faults) {
  if (!connector::is_private_url(JsonSettings(settings).text("/url")))
    faults.add("/url", "must be https, or http on 127.0.0.1 or [::1]: the challenge travels to it");
  return !faults.any();
}

Webhook::Webhook(sdk::Host host, std::string_view /*name*/, std::string_view settings) : host_(host) {
  const JsonSettings json(settings);
  url_ = json.text("/url");
  id_ = json.text("/id");
  secret_token_ = json.text("/secret");
  trust_ = json.text("/ca_certificates");
  timeout_ = std::chrono::milliseconds(json.number("/timeout", kDefaultTimeoutMs));
  danger_no_echo_ = json.flag("/danger_no_echo");
}

bool Webhook::start(sdk::Faults& faults) {
  const auto secret = host_.open_secret(secret_token_);
  if (!secret || secret->empty()) {
    faults.add("/secret", "the reference opens to nothing");
    return false;
  }
  auto key = pki::base64_decode(pki::as_text(secret->reveal()));
  if (!key || key->size() < kShortestSecret) {
    faults.add("/secret", "must be base64 of at least 16 bytes");
    return false;
  }
  secret_ = pki::SecretBytes(pki::BytesView(*key));
  pki::wipe(key->data(), key->size());
  return true;
}

sdk::Answer Webhook::validate(const sdk::Item& item) {
  const auto request = pki::parse_certificate_request(item.request(), {.danger_allow_sha1 = true});
  if (!request) return sdk::Answer::invalid("webhook.bad_request", "the certificate request can't be read");
  const pki::SecretBytes* challenge = request->challenge_password();
  if (challenge == nullptr || challenge->empty())
    return sdk::Answer::rejected("webhook.missing", "the request holds no challenge password");
  if (!is_printable_ascii(challenge->reveal_text()))
    return sdk::Answer::rejected("webhook.not_ascii", "the challenge is not printable ASCII");
  const Occasion occasion = occasion_of(item);
  return ask(challenge_question(*request, challenge->reveal_text(), occasion).view(), item.request());
}

sdk::Answer Webhook::deliver(const sdk::Item& item, const sdk::Delivery& delivery) {
  const auto request = pki::parse_certificate_request(item.request(), {.danger_allow_sha1 = true});
  if (!request) return sdk::Answer::invalid("webhook.bad_request", "the certificate request can't be read");
  const connector::SecretBody body = notice(*request, delivery, occasion_of(item));
  const sdk::HttpOutReply reply = post(body.view());
  if (!reply.answered()) return no_answer(reply);
  return reply.status / 100 == 2 ? sdk::Answer::ok() : wrong_status(reply, "2xx");
}

Occasion Webhook::occasion_of(const sdk::Item& item) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(host_.wall_now()).time_since_epoch();
  return {now.count(), item.transaction_id()};
}

sdk::HttpOutReply Webhook::post(pki::BytesView body) const {
  const std::string signature = pki::to_hex(keyed_hash(secret_.reveal(), body));
  sdk::HttpOutTls tls;
  tls.trust = sdk::bytes_of(trust_);
  sdk::HttpOutRequest question;
  question.method = "POST";
  question.url = url_;
  question.fields = {{.name = "Content-Type", .value = "application/json"},
                     {.name = "X-Smallstep-Webhook-ID", .value = id_},
                     {.name = "X-Smallstep-Signature", .value = signature}};
  question.body = body;
  question.deadline = host_.now() + timeout_;
  question.max_answer = kLargestAnswer;
  question.asks_only = true;
  question.tls = trust_.empty() ? nullptr : &tls;
  return host_.http_out().send(question);
}

sdk::Answer Webhook::ask(pki::BytesView body, pki::BytesView csr) const {
  const sdk::HttpOutReply reply = post(body);
  if (!reply.answered()) return no_answer(reply);
  if (reply.status != 200) return wrong_status(reply, "200");
  const auto answer = read_webhook_answer(pki::as_text(reply.body));
  if (!answer) return sdk::Answer::unavailable("webhook.unreadable", "the webhook's answer can't be read");
  if (!answer->allow) return sdk::Answer::rejected("webhook.refused", "the webhook refused the request");
  const bool named = answer->csr_sha256 == pki::to_hex(pki::sha256(csr));
  if (!named && (!danger_no_echo_ || !answer->csr_sha256.empty()))
    return sdk::Answer::unavailable("webhook.wrong_echo",
                                    "the webhook's csrSha256 is not that of the request");
  return sdk::Answer::ok();
}

}  // namespace certspan::scep
