// Lets a C++ callable stand where the contract takes a C sink, without an exception crossing the host's
// frames.
#pragma once

#include <exception>
#include <utility>

namespace certspan::sdk::detail {

/// Holds a callable while the host calls it back. What it throws is kept and thrown again by `rethrow`, once
/// the host has returned.
template <class Callable>
class Callback {
 public:
  explicit Callback(Callable& callable) noexcept : callable_(callable) {}

  /// False if the callable threw, now or before: the caller stops asking.
  template <class... Arguments>
  bool call(Arguments&&... arguments) noexcept {
    if (failure_ != nullptr) return false;
    try {
      callable_(std::forward<Arguments>(arguments)...);
      return true;
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
  }

  void rethrow() const {
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }

 private:
  Callable& callable_;
  std::exception_ptr failure_;
};

}  // namespace certspan::sdk::detail
