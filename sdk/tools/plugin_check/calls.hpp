#pragma once

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <certspan/abi/work_item.h>
#include <certspan/testing/recorders.hpp>

#include "sdk/tools/plugin_check/live_connector.hpp"

namespace certspan::check {

/// A function of a role that gives its answer through a sink.
struct AnsweringCall {
  std::string name;  ///< "issue"
  std::function<void(const certspan_item*, const certspan_answer_sink*)> make;
};

/// Those that the connector's roles have.
std::vector<AnsweringCall> answering_calls(LiveConnector& connector);

/// What a plugin said in one call, before anybody judges it.
struct Heard {
  int answers = 0;
  bool foreign_thread = false;
  std::string unreadable;     ///< why the answer could not be read, empty if it could
  std::int32_t outcome = -1;  ///< as it came
  sdk::testing::RecordedAnswer answer;
  std::vector<sdk::ByteBuffer> notes;
  std::chrono::milliseconds took{0};

  bool is(certspan_outcome which) const { return answers == 1 && outcome == which; }
};

/// Makes the call on this thread. `note_outcome` is what the plugin's notes are answered.
Heard hear(LiveConnector& connector, const AnsweringCall& call, sdk::testing::FakeItem& item,
           certspan_outcome note_outcome = CERTSPAN_OK);

/// An item with a real request and a key of its own.
sdk::testing::FakeItem make_item(std::mt19937_64& random, const Sample& sample);
/// Items that a client could send: empty, random, cut off, as large as the contract allows.
std::vector<sdk::testing::FakeItem> odd_items(std::mt19937_64& random, const Sample& sample);

sdk::ByteBuffer random_bytes(std::mt19937_64& random, std::size_t size);

/// Something of everything that the connector can do, for checks that look at what it leaves behind.
void exercise(LiveConnector& connector, const Sample& sample, std::mt19937_64& random);

}  // namespace certspan::check
