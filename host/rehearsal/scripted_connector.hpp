#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <certspan/abi/plugin.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/work_item.h>

#include "host/base/bytes.hpp"
#include "host/loading/connector.hpp"
#include "host/rehearsal/cast.hpp"

namespace certspan {

/// Whom scripted connectors ask what to do. Called on any thread that calls connectors.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Gives one answer. May not return.
  virtual void play(std::string_view connector, std::string_view call, const certspan_answer_sink& sink) = 0;
  /// A source has been handed the test's request.
  virtual void submit(std::string_view connector, certspan_http_exchange& exchange) = 0;
  /// A source is to tell its client.
  virtual void tell(const certspan_reply& reply, certspan_http_exchange& exchange) = 0;
};

/// One connector of the cast: a connector of a plugin that is part of this program and does what the stage
/// says. Lives longer than `connector()`; does not move.
class ScriptedConnector {
 public:
  ScriptedConnector(std::string name, const Player& player, Stage& stage);
  ScriptedConnector(const ScriptedConnector&) = delete;
  ScriptedConnector& operator=(const ScriptedConnector&) = delete;

  const std::string& name() const { return name_; }
  Stage& stage() const { return stage_; }
  const std::shared_ptr<Connector>& connector() const { return connector_; }
  /// Creates and starts it, and opens its intake.
  CallReport start();

 private:
  const std::string name_;
  Stage& stage_;
  certspan_host host_;
  std::shared_ptr<Connector> connector_;  // shared with the engine's stations
};

}  // namespace certspan
