// A CA plugin over http_out, as a vendor in a hurry writes one: whatever is not the CA's own answer is
// `unavailable`, a time-out and a proxy's 502 as well. The host knows better which orders left.
#include <exception>
#include <string>

#include <nlohmann/json.hpp>

#include <certspan/plugin.hpp>

#include "tests/support/example_ca/ca_words.hpp"

namespace {

namespace sdk = certspan::sdk;
using example_ca::to_hex;
using nlohmann::json;

/// Keeps nothing between calls, so any number of calls may run at once.
class HttpCa final : public sdk::Issuer {
 public:
  static constexpr const char* kName = "http_ca";
  static constexpr const char* kSummary = "Orders certificates from a CA that takes JSON over HTTP.";
  static constexpr const char* kSettingsSchema = R"json({
    "type": "object", "additionalProperties": false, "required": ["address"],
    "properties": {
      "address": {"type": "string", "description": "Where the CA listens: a host and a port."},
      "timeout": {"type": "integer", "minimum": 1, "x-certspan-duration": true,
                  "description": "How long one exchange with the CA may take. Default: 5s."}
    }
  })json";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;

  HttpCa(sdk::Host host, std::string_view /*name*/, std::string_view text) : host_(host) {
    const json settings = json::parse(text);
    url_ = "http://" + settings.at("address").get<std::string>() + "/orders";
    timeout_ = std::chrono::milliseconds(settings.value("timeout", 5000));
  }

  sdk::Answer issue(const sdk::Item& item) override {
    return ask({{"op", "issue"},
                {"key", to_hex(item.key())},
                {"attempt", item.attempt()},
                {"csr", to_hex(item.request())}},
               false);
  }

  sdk::Answer poll(const sdk::Item& item) override {
    return ask({{"op", "poll"}, {"order", sdk::text_of(item.handle())}}, true);
  }

  sdk::Answer lookup(const sdk::Item& item) override {
    return ask({{"op", "lookup"}, {"key", to_hex(item.key())}, {"attempt", item.attempt()}}, true);
  }

  sdk::Outcome chain(sdk::ChainSink& chain) override {
    const sdk::HttpOutReply reply = send({{"op", "chain"}}, true);
    if (!reply.answered()) return sdk::Outcome::Unavailable;
    const json answer = json::parse(reply.body);
    for (const json& one : answer.at("chain")) chain.add(example_ca::from_hex(one.get<std::string>()));
    return sdk::Outcome::Ok;
  }

  sdk::Outcome ping(sdk::Faults& faults) override {
    const sdk::HttpOutReply reply = send({{"op", "ping"}}, true);
    if (reply.answered()) return sdk::Outcome::Ok;
    faults.add("/address", "cannot reach the CA: " + reply.message);
    return sdk::Outcome::Unavailable;
  }

 private:
  [[nodiscard]] sdk::HttpOutReply send(const json& question, bool asks_only) const {
    const std::string body = question.dump();
    sdk::HttpOutRequest request;
    request.method = "POST";
    request.url = url_;
    request.fields = {{.name = "Content-Type", .value = "application/json"}};
    request.body = sdk::bytes_of(body);
    request.deadline = host_.now() + timeout_;  // the host's, that of the call, may come earlier
    request.asks_only = asks_only;
    return host_.http_out().send(request);
  }

  [[nodiscard]] sdk::Answer ask(const json& question, bool asks_only) const {
    const sdk::HttpOutReply reply = send(question, asks_only);
    if (!reply.answered()) return sdk::Answer::unavailable("http_ca.no_answer", reply.message);
    try {
      const std::string text(reply.body.begin(), reply.body.end());
      sdk::Answer answer = example_ca::read_answer(text);  // only the CA speaks so
      host_.http_out().answered_by_ca(reply);
      return answer;
    } catch (const std::exception&) {
      return sdk::Answer::unavailable("http_ca.status", "the answer is HTTP " + std::to_string(reply.status));
    }
  }

  sdk::Host host_;
  std::string url_;
  std::chrono::milliseconds timeout_{0};
};

}  // namespace

CERTSPAN_PLUGIN(HttpCa)
