#include "ca_words.hpp"

#include <chrono>
#include <stdexcept>
#include <string_view>

#include <nlohmann/json.hpp>

namespace example_ca {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::uint8_t hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  throw std::invalid_argument("the CA's answer holds a wrong hexadecimal digit");
}

}  // namespace

std::string to_hex(certspan::sdk::Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0x0fU];
  }
  return text;
}

certspan::sdk::ByteBuffer from_hex(const std::string& text) {
  if (text.size() % 2 != 0) throw std::invalid_argument("the CA's answer holds half an octet");
  certspan::sdk::ByteBuffer bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(hex_digit(text[i]) << 4U | hex_digit(text[i + 1])));
  }
  return bytes;
}

certspan::sdk::Answer read_answer(const std::string& text) {
  namespace sdk = certspan::sdk;
  const json answer = json::parse(text);
  const std::string outcome = answer.at("outcome");
  const std::string code = "example." + answer.value("code", outcome);
  const std::string message = answer.value("message", "the CA gave no reason");
  const milliseconds retry_after(answer.value("retry_after_ms", 0));
  if (outcome == "ok") return sdk::Answer::ok(from_hex(answer.at("certificate")));
  if (outcome == "pending") {
    const std::string order = answer.at("order");
    return sdk::Answer::pending(sdk::bytes_of(order), retry_after);
  }
  if (outcome == "rejected") return sdk::Answer::rejected(code, message);
  if (outcome == "invalid") return sdk::Answer::invalid(code, message);
  if (outcome == "unsupported") return sdk::Answer::unsupported(code, message);
  if (outcome == "throttled") return sdk::Answer::throttled(code, message, retry_after);
  if (outcome == "unavailable") return sdk::Answer::unavailable(code, message, retry_after);
  if (outcome == "cancelled") return sdk::Answer::cancelled(code, message);
  throw std::invalid_argument("the CA's answer has the unknown outcome \"" + outcome + "\"");
}

}  // namespace example_ca
