// The one place where exceptions of a plugin end, and what stands behind a certspan_instance.
#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include <certspan/abi/work_item.h>
#include <certspan/answer.hpp>
#include <certspan/faults.hpp>
#include <certspan/host.hpp>

namespace certspan::sdk::detail {

/// A connector together with the host that it was made for.
template <class T>
struct Instance {
  Instance(const certspan_host* c_host, std::string_view name, std::string_view settings)
      : host(c_host), connector(host, name, settings) {}

  Host host;
  T connector;
};

template <class T>
Instance<T>& instance_of(certspan_instance* instance) noexcept {
  return *reinterpret_cast<Instance<T>*>(instance);
}

template <class T>
T& connector_of(certspan_instance* instance) noexcept {
  return instance_of<T>(instance).connector;
}

inline constexpr std::string_view kExceptionCode = "plugin.exception";

/// Gives the host an `internal` answer without allocating.
inline void answer_exception(const certspan_answer_sink& sink, std::string_view message) noexcept {
  certspan_answer answer = {};
  answer.struct_size = sizeof(answer);
  answer.outcome = CERTSPAN_INTERNAL;
  answer.code = to_abi(kExceptionCode);
  answer.message = to_abi(message);
  sink.answer(sink.context, &answer);
}

/// Runs `call`, which returns an Answer, and hands exactly one answer to `sink`, whatever is thrown.
template <class Call>
void guard_answer(const certspan_answer_sink* sink, Call&& call) noexcept {
  try {
    call().send(*sink);
  } catch (const std::exception& error) {
    answer_exception(*sink, error.what());
  } catch (...) {
    answer_exception(*sink, "the plugin threw something that is no std::exception");
  }
}

/// Runs `call`, which returns an Outcome; what is thrown becomes a fault, where there is a sink for it, and
/// INTERNAL.
template <class Call>
certspan_outcome guard_outcome(const certspan_fault_sink* faults, Call&& call) noexcept {
  try {
    return to_abi(call());
  } catch (const SettingsFault& fault) {
    Faults(faults).add(fault.pointer(), fault.what());
    return CERTSPAN_INVALID;
  } catch (const std::exception& error) {
    Faults(faults).add("", error.what());
  } catch (...) {
    Faults(faults).add("", "the plugin threw something that is no std::exception");
  }
  return CERTSPAN_INTERNAL;
}

/// Runs `call` where the contract has no way to report: what is thrown is logged.
template <class Call>
void guard_void(const Host& host, Call&& call) noexcept {
  try {
    call();
  } catch (const std::exception& error) {
    host.log(LogLevel::Error, kExceptionCode, {{"reason", error.what()}});
  } catch (...) {
    host.log(LogLevel::Error, kExceptionCode);
  }
}

}  // namespace certspan::sdk::detail
