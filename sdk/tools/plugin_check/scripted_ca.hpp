#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <certspan/testing/fake_http_out.hpp>

#include "sdk/tools/plugin_check/sample.hpp"

namespace certspan::check {

/// The CA behind http_out, as far as rules describe it. Counts what has an effect. Any thread.
class ScriptedCa {
 public:
  explicit ScriptedCa(std::vector<CaRule> rules) : rules_(std::move(rules)) {}

  /// Without rules: nothing can be reached. A request that no rule fits gets 404.
  sdk::testing::HttpOutScript answer(const sdk::testing::RecordedHttpOut& request);
  /// How many different orders have come in.
  std::size_t orders() const;
  /// Whether any rule says what an order is.
  bool knows_orders() const;

 private:
  static sdk::testing::HttpOutScript fill_in(const CaRule& rule, const std::string& order = {});

  std::vector<CaRule> rules_;
  mutable std::mutex mutex_;
  std::map<std::string, sdk::testing::HttpOutScript> orders_;
  std::size_t nameless_ = 0;  ///< orders whose key was not there
};

/// Puts one certificate into the rules, for checks that count what is allocated.
void use_one_certificate(std::vector<CaRule>& rules);

}  // namespace certspan::check
