// Faults kept in memory, for a constructor that may report only one, and for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <certspan/faults.hpp>

namespace certspan::connector {

/// A sink that remembers. Stays at one address while `faults()` is in use; one thread.
class FaultList {
 public:
  FaultList() = default;
  FaultList(const FaultList&) = delete;
  FaultList& operator=(const FaultList&) = delete;

  sdk::Faults faults() { return sdk::Faults(&sink_); }
  bool empty() const { return entries_.empty(); }
  /// Pointer and message, in the order in which they came.
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

  /// Throws the first fault, if there is one, as a constructor of a connector does.
  void throw_first() const {
    if (!entries_.empty()) throw sdk::SettingsFault(entries_.front().first, entries_.front().second);
  }

 private:
  static void add(void* context, certspan_string_view pointer, certspan_string_view message) noexcept {
    static_cast<FaultList*>(context)->entries_.emplace_back(sdk::from_abi(pointer), sdk::from_abi(message));
  }

  std::vector<std::pair<std::string, std::string>> entries_;
  certspan_fault_sink sink_{sizeof(certspan_fault_sink), 0, this, &add};
};

}  // namespace certspan::connector
