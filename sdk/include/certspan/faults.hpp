// Where a plugin says what is wrong with its settings, and what stopped it from starting.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <certspan/types.hpp>

namespace certspan::sdk {

/// Collects faults; the host prints each at the line and column of the YAML file that the pointer leads to.
/// Used on the calling thread only, never kept.
class Faults {
 public:
  explicit Faults(const certspan_fault_sink* sink) noexcept : sink_(sink) {}

  /// `pointer` is a JSON pointer (RFC 6901) into the settings, "" for the whole. `message` starts in lower
  /// case, ends without a full stop, says what to do and holds no secret.
  void add(std::string_view pointer, std::string_view message) noexcept {
    any_ = true;
    if (sink_ != nullptr) sink_->add(sink_->context, to_abi(pointer), to_abi(message));
  }

  [[nodiscard]] bool any() const noexcept { return any_; }

 private:
  const certspan_fault_sink* sink_;
  bool any_ = false;
};

/// What a connector's constructor may throw to name the setting at fault.
class SettingsFault : public std::runtime_error {
 public:
  SettingsFault(std::string pointer, const std::string& message)
      : std::runtime_error(message), pointer_(std::move(pointer)) {}

  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

 private:
  std::string pointer_;
};

}  // namespace certspan::sdk
