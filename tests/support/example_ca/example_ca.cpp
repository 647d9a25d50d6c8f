#include "example_ca.hpp"

#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "ca_words.hpp"

namespace example_ca {
namespace {

namespace sdk = certspan::sdk;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// After `issue`: an order that was sent may have been carried out, whatever came back instead of an answer.
sdk::Answer answer_to_order(const Exchange& exchange) {
  switch (exchange.end) {
    case Exchange::End::NotSent:
      return sdk::Answer::unavailable("example.no_connection", "cannot reach the CA: " + exchange.reason);
    case Exchange::End::Lost:
      return sdk::Answer::unknown("example.no_answer", "the order was sent: " + exchange.reason);
    case Exchange::End::Answered:
      break;
  }
  try {
    return read_answer(exchange.text);
  } catch (const std::exception& error) {
    return sdk::Answer::unknown("example.bad_answer", error.what());
  }
}

/// After `poll` and `lookup`, which change nothing: without an answer it is only not known yet.
sdk::Answer answer_to_question(const Exchange& exchange) {
  if (exchange.end != Exchange::End::Answered) {
    return sdk::Answer::unavailable("example.no_answer", "cannot ask the CA: " + exchange.reason);
  }
  try {
    return read_answer(exchange.text);
  } catch (const std::exception& error) {
    return sdk::Answer::unavailable("example.bad_answer", error.what());
  }
}

}  // namespace

const char ExampleCa::kSchema[] = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["address"],
  "properties": {
    "address": {"type": "string", "description": "Where the CA listens: an IPv4 address and a port."},
    "answer_after": {
      "type": "integer", "minimum": 0, "x-certspan-duration": true,
      "description": "How long the CA lets an order wait; it is pending until then. Default: no wait."
    },
    "timeout": {
      "type": "integer", "minimum": 1, "x-certspan-duration": true,
      "description": "How long one exchange with the CA may take. Default: 5s."
    }
  }
})json";

Settings Settings::read(std::string_view text) {
  const json settings = json::parse(text);
  Settings result;
  try {
    result.address = Address::parse(settings.at("address").get<std::string>());
  } catch (const std::invalid_argument& error) {
    throw sdk::SettingsFault("/address", error.what());
  }
  result.answer_after = milliseconds(settings.value("answer_after", result.answer_after.count()));
  result.timeout = milliseconds(settings.value("timeout", result.timeout.count()));
  return result;
}

bool ExampleCa::validate_settings(std::string_view settings, sdk::Faults& /*faults*/) {
  Settings::read(settings);  // what it throws is the fault
  return true;
}

ExampleCa::ExampleCa(sdk::Host host, std::string_view /*name*/, std::string_view settings)
    : host_(host), settings_(Settings::read(settings)) {}

Exchange ExampleCa::ask_ca(const json& question, steady_clock::time_point item_deadline) const {
  return ask(settings_.address, question.dump(), std::min(item_deadline, host_.now() + settings_.timeout));
}

sdk::Answer ExampleCa::issue(const sdk::Item& item) {
  // As a CA needs it that knows orders by a number of ours: durable before the first byte leaves.
  const std::string note = "attempt " + std::to_string(item.attempt());
  if (item.write_note(sdk::bytes_of(note)) != sdk::Outcome::Ok) {
    return sdk::Answer::unavailable("example.no_note", "the journal took no note, so nothing was sent");
  }
  const json order = {{"op", "issue"},
                      {"key", to_hex(item.key())},
                      {"attempt", item.attempt()},
                      {"csr", to_hex(item.request())},
                      {"answer_after_ms", settings_.answer_after.count()}};
  sdk::Answer answer = answer_to_order(ask_ca(order, item.deadline()));
  if (answer.outcome() == sdk::Outcome::Unknown) {
    host_.log(sdk::LogLevel::Warn, "no answer to an order",
              {{"work", item.id()}, {"reason", answer.message()}});
  }
  return answer;
}

sdk::Answer ExampleCa::poll(const sdk::Item& item) {
  const json question = {{"op", "poll"}, {"order", sdk::text_of(item.handle())}};
  return answer_to_question(ask_ca(question, item.deadline()));
}

sdk::Answer ExampleCa::lookup(const sdk::Item& item) {
  const json question = {{"op", "lookup"}, {"key", to_hex(item.key())}, {"attempt", item.attempt()}};
  return answer_to_question(ask_ca(question, item.deadline()));
}

sdk::Outcome ExampleCa::chain(sdk::ChainSink& chain) {
  const Exchange exchange = ask_ca({{"op", "chain"}}, steady_clock::time_point::max());
  if (exchange.end != Exchange::End::Answered) return sdk::Outcome::Unavailable;
  const json answer = json::parse(exchange.text);
  for (const json& certificate : answer.at("chain")) chain.add(from_hex(certificate.get<std::string>()));
  return sdk::Outcome::Ok;
}

sdk::Outcome ExampleCa::ping(sdk::Faults& faults) {
  const Exchange exchange = ask_ca({{"op", "ping"}}, steady_clock::time_point::max());
  if (exchange.end == Exchange::End::Answered) return sdk::Outcome::Ok;
  faults.add("/address", "cannot reach the CA: " + exchange.reason);
  return sdk::Outcome::Unavailable;
}

}  // namespace example_ca
