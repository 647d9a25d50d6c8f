#include "plugins/intune/scep_validator/hresults.hpp"

#include <algorithm>

namespace certspan::intune {
namespace {

constexpr std::uint32_t kFirst = 0xA0C5'0000U;

struct KnownCode {
  std::string_view code;
  std::uint32_t number;
};

// Numbers are never used again for something else.
constexpr KnownCode kByCode[] = {
    {"profile.weak_key", 0x20},
    {"profile.key_not_allowed", 0x20},
    {"profile.unsupported_algorithm", 0x20},
    {"profile.sid_extension", 0x21},
    {"profile.sid_uri", 0x21},
    {"profile.san_not_allowed", 0x22},
    {"profile.wildcard_not_allowed", 0x22},
    {"profile.eku_not_allowed", 0x23},
    {"profile.key_usage_not_allowed", 0x23},
    {"profile.extension_not_allowed", 0x24},
    {"profile.attribute_not_allowed", 0x24},
    {"profile.ca_true", 0x24},
    {"profile.own_key", 0x25},
    {"profile.ca_name", 0x25},
    {"profile.certificate_mismatch", 0x26},
    {"item.deadline", 0x30},
};

std::uint32_t by_outcome(sdk::Outcome outcome) {
  switch (outcome) {
    case sdk::Outcome::Rejected:
      return 0x01;
    case sdk::Outcome::Invalid:
      return 0x02;
    case sdk::Outcome::Unsupported:
      return 0x03;
    case sdk::Outcome::Unavailable:
    case sdk::Outcome::Throttled:
    case sdk::Outcome::Pending:
      return 0x04;
    case sdk::Outcome::Unknown:
      return 0x05;
    case sdk::Outcome::Cancelled:
      return 0x06;
    case sdk::Outcome::Internal:
    case sdk::Outcome::Ok:
      return 0x07;
  }
  return 0x07;
}

}  // namespace

std::uint32_t hresult_of(sdk::Outcome outcome, std::string_view code) {
  const auto* const known = std::ranges::find(kByCode, code, &KnownCode::code);
  return kFirst + (known == std::end(kByCode) ? by_outcome(outcome) : known->number);
}

}  // namespace certspan::intune
