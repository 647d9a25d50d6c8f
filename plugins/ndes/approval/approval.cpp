#include "plugins/ndes/approval/approval.hpp"

#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {
namespace {

constexpr std::chrono::milliseconds kDaily = std::chrono::hours(24);

}  // namespace

bool Approval::validate_settings(std::string_view /*settings*/, sdk::Faults& /*faults*/) {
  return true;  // the schema says all
}

Approval::Approval(sdk::Host /*host*/, std::string_view /*name*/, std::string_view settings)
    : remind_(JsonSettings(settings).number("/remind", kDaily.count())) {}

sdk::Answer Approval::validate(const sdk::Item& /*item*/) {
  return sdk::Answer::pending({}, remind_);
}

}  // namespace certspan::scep
