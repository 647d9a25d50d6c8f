#pragma once

#include <map>
#include <string>
#include <vector>

#include <certspan/abi/plugin.h>
#include <certspan/types.hpp>

#include "sdk/tools/plugin_check/check.hpp"

namespace certspan::check {

/// How the scripted CA answers requests that fit.
struct CaRule {
  std::string method;    ///< empty: any
  std::string url;       ///< part of it; empty: any
  std::string contains;  ///< part of the body; empty: any
  std::uint32_t status = 200;
  std::vector<sdk::Label> headers{};
  std::string body{};
  /// Regular expression with one group over head and body of the request: what the CA knows an order by. A
  /// rule with it stands for requests that have an effect; the same key gets the first answer again.
  std::string order_key{};
  /// Only asks for the order with that key: its answer, or 404 with these headers.
  bool asks = false;
};

/// What a connector type is tried with.
struct Sample {
  std::string settings;                        ///< JSON
  std::map<std::string, std::string> secrets;  ///< by token
  std::vector<CaRule> rules;
  std::string profile;   ///< of the items
  bool made_up = false;  ///< from the schema: what is wrong with them is not the plugin's fault
};

/// From the file of settings, or made from the type's schema. Ends the check as skipped if neither can be
/// done, as failed if the file of settings is wrong.
Sample sample_of(const Subject& subject, const certspan_connector_type& type);

}  // namespace certspan::check
