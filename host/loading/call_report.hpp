#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <certspan/abi/base.h>

#include "host/base/outcome.hpp"

namespace certspan {

/// One thing that is wrong with a connector's settings or with an action's arguments. `pointer` is a JSON
/// pointer (RFC 6901) into them, "" for the whole.
struct SettingsFault {
  std::string pointer;
  std::string message;

  bool operator==(const SettingsFault&) const = default;
};

/// What a lifecycle call came to. Not ok: there is at least one fault, made up by the host if the plugin gave
/// none.
struct CallReport {
  Outcome outcome = Outcome::Ok;
  std::vector<SettingsFault> faults;

  bool ok() const { return outcome == Outcome::Ok; }
  /// The faults in one line for a log: "/key/file: not a PEM file; /name: empty".
  std::string text() const;
};

/// A report with one fault on the whole.
CallReport refused(Outcome outcome, std::string message);

/// The fault sink of one call. Lives for one call, on one thread.
class FaultCollector {
 public:
  FaultCollector();
  FaultCollector(const FaultCollector&) = delete;
  FaultCollector& operator=(const FaultCollector&) = delete;

  const certspan_fault_sink* sink() const { return &sink_; }
  /// The verdict, after the plugin has returned `outcome` from the call that people know as `call` ("start").
  /// Ok beside faults counts as Invalid, for one of the two is a lie and going on is the worse guess.
  CallReport take(certspan_outcome outcome, const std::string& call);

 private:
  static void on_add(void* context, certspan_string_view pointer, certspan_string_view message) noexcept;

  std::vector<SettingsFault> faults_;
  certspan_fault_sink sink_{};
};

}  // namespace certspan
