#pragma once

#include <random>
#include <string>
#include <vector>

#include <certspan/abi/role_source.h>
#include <certspan/testing/fake_host.hpp>

#include "sdk/tools/plugin_check/live_connector.hpp"

namespace certspan::check {

/// A request as it comes off the wire.
struct WireRequest {
  std::string method = "GET";
  std::string path = "/checker";
  std::string query;
  std::string content_type;
  sdk::ByteBuffer body;
};

/// The source's table, or null if the type has no such role.
const certspan_role_source* source_of(const LiveConnector& connector);
/// Opens the intake; ends the check as failed if that is refused, as skipped where settings are made up.
void open_intake(LiveConnector& connector, const Sample& sample);
void close_intake(LiveConnector& connector);

/// Requests of all kinds on the connector's routes.
std::vector<WireRequest> odd_requests(const LiveConnector& connector, std::mt19937_64& random);
/// Hands it to `handle`. How often the exchange was ended stands in `exchange`.
void handle(LiveConnector& connector, const WireRequest& request, sdk::testing::FakeExchange& exchange);
/// Tells the source how an item stands. `context` is what it gave to submit.
void reply(LiveConnector& connector, certspan_outcome outcome, const sdk::ByteBuffer& context,
           sdk::testing::FakeExchange& exchange);

/// Nothing if the type is no source.
void exercise_source(LiveConnector& connector, std::mt19937_64& random);

}  // namespace certspan::check
