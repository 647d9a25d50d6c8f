#include "plugins/intune/scep_validator/hresults.hpp"

#include <algorithm>
#include <iterator>

#include "codes/intune.hpp"

namespace certspan::intune {
namespace {

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
  using codes::kHresultsOfCodes;
  const auto* const known = std::ranges::find(kHresultsOfCodes, code, &codes::HresultOfCode::code);
  return codes::kFirstHresult + (known == std::end(kHresultsOfCodes) ? by_outcome(outcome) : known->number);
}

}  // namespace certspan::intune
