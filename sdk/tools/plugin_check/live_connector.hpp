#pragma once

#include <string>
#include <vector>

#include <certspan/abi/plugin.h>
#include <certspan/testing/recorders.hpp>

#include "sdk/tools/plugin_check/check_host.hpp"

namespace certspan::check {

/// A connector in the hands of a check: its life, call by call, with the phase set for the sentence about a
/// crash. Ends nothing by itself: a check that fails leaves the process, and the connector with it.
class LiveConnector {
 public:
  LiveConnector(const certspan_connector_type& type, CheckHost& host, const Sample& sample)
      : type_(type), host_(host), sample_(sample), structs_(host.shape()) {}

  /// What the plugin says; `faults()` says why.
  certspan_outcome try_create();
  certspan_outcome try_start();
  certspan_outcome try_drain();

  /// Create and start, or the check ends: as failed, or as skipped where the settings are made up.
  void begin();
  void stop();
  void destroy();
  /// Drain, stop, destroy.
  void end();

  const certspan_connector_type& type() const { return type_; }
  CheckHost& host() const { return host_; }
  certspan_instance* instance() const { return instance_; }
  /// Of the last lifecycle call, in one line.
  const std::string& faults() const { return faults_; }
  ShapedStructs& structs() { return structs_; }

  /// The table of a role, or null.
  template <typename Table>
  const Table* role(const char* id) const {
    return static_cast<const Table*>(type_.interface_table(id));
  }

 private:
  void keep(const sdk::testing::FaultRecorder& recorder);
  [[noreturn]] void refused(const std::string& call) const;

  const certspan_connector_type& type_;
  CheckHost& host_;
  const Sample& sample_;
  ShapedStructs structs_;
  certspan_instance* instance_ = nullptr;
  std::string faults_;
};

}  // namespace certspan::check
