#include "plugins/intune/revocation_orders/orders.hpp"

#include <algorithm>
#include <array>

#include "plugins/common/connector/strict_json.hpp"
#include "plugins/intune/service/answers.hpp"

namespace certspan::intune {
namespace {

using connector::string_member;
using nlohmann::json;

constexpr std::size_t kLargestList = 4UL * 1024 * 1024;
constexpr std::size_t kLongestContext = 16UL * 1024;
constexpr std::size_t kLongestSerial = 128;
constexpr std::size_t kLongestMessage = 255;

/// Whom asks Intune again, and whom it does not: 41xx and 40xx.
enum class OrderResult : std::uint16_t {
  None = 0,
  NotRetried = 4000,
  BadParameter = 4002,
  NotFound = 4004,
  NotSupported = 4006,
  Unavailable = 4101,
};

struct Meaning {
  std::string_view code;  // of the item
  OrderResult result;
};
constexpr std::array<Meaning, 6> kMeanings = {{{"revocation.not_found", OrderResult::NotFound},
                                               {"revocation.not_issued", OrderResult::NotFound},
                                               {"revocation.ambiguous", OrderResult::BadParameter},
                                               {"revocation.wrong_serial", OrderResult::BadParameter},
                                               {"revocation.foreign", OrderResult::BadParameter},
                                               {"revocation.cannot", OrderResult::NotSupported}}};

OrderResult result_of(const sdk::Delivery& delivery) {
  if (delivery.issued()) return OrderResult::None;
  const auto* const known = std::ranges::find(kMeanings, delivery.code(), &Meaning::code);
  if (known != kMeanings.end()) return known->result;
  return delivery.outcome() == sdk::Outcome::Unavailable ? OrderResult::Unavailable : OrderResult::NotRetried;
}

/// As we told it: hexadecimal. Others write separators.
std::string serial_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':' || c == ' ' || c == '-') continue;
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!is_digit || digits.size() >= kLongestSerial) return {};
    digits += c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return digits;
}

/// "corp-ca/w-0123456789abc", as the success notification said.
std::string item_of(const json& order) {
  const std::string* const configuration = string_member(order, "caConfiguration");
  if (configuration == nullptr) return {};
  const std::size_t slash = configuration->rfind("/w-");
  if (slash == std::string::npos || slash == 0) return {};
  return configuration->substr(slash + 1);
}

}  // namespace

std::string download_body(int most) {
  return json({{"downloadParameters", {{"issuerName", nullptr}, {"maxRequests", most}}}}).dump();
}

std::optional<std::vector<RevocationOrder>> read_orders(std::string_view text) {
  if (text.size() > kLargestList) return std::nullopt;
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return std::nullopt;
  const auto value = root->find("value");
  if (value == root->end() || !value->is_array()) return std::nullopt;
  std::vector<RevocationOrder> orders;
  for (const json& entry : *value) {
    const std::string* const context = entry.is_object() ? string_member(entry, "requestContext") : nullptr;
    const std::string* const serial = entry.is_object() ? string_member(entry, "serialNumber") : nullptr;
    if (context == nullptr || context->empty() || serial == nullptr) return std::nullopt;
    if (context->size() <= kLongestContext) orders.push_back({*context, serial_of(*serial), item_of(entry)});
  }
  return orders;
}

std::string result_body(std::string_view context, const sdk::Delivery& delivery) {
  const OrderResult result = result_of(delivery);
  json one = {{"requestContext", context},
              {"succeeded", result == OrderResult::None},
              {"errorCode", std::to_string(static_cast<unsigned>(result))}};
  if (result != OrderResult::None) {
    const std::string why = std::string(delivery.code()) + ": " + std::string(delivery.message());
    one["errorMessage"] = one_line(why, kLongestMessage);
  }
  json results = json::array();
  results.push_back(std::move(one));
  return json({{"results", std::move(results)}}).dump(-1, ' ', false, json::error_handler_t::replace);
}

bool took_results(std::string_view text) {
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return false;
  const auto value = root->find("value");
  return value != root->end() && value->is_boolean() && value->get<bool>();
}

}  // namespace certspan::intune
