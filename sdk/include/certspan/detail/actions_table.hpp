// The C table of a class's named commands.
#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>

#include <certspan/abi/actions.h>
#include <certspan/actions.hpp>
#include <certspan/detail/edge.hpp>

namespace certspan::sdk::detail {

template <class T>
struct ActionsTable {
  static constexpr std::size_t kCount = std::size(T::kActions);

  static constexpr std::array<certspan_action, kCount> make_list() {
    std::array<certspan_action, kCount> list = {};
    for (std::size_t i = 0; i < kCount; ++i) {
      const ActionSpec& spec = T::kActions[i];
      list[i] = {sizeof(certspan_action), spec.flags, spec.name, spec.summary, spec.person, 0,
                 spec.argument_schema};
    }
    return list;
  }
  static constexpr std::array<certspan_action, kCount> kList = make_list();

  static constexpr std::array<const certspan_action*, kCount> make_pointers() {
    std::array<const certspan_action*, kCount> pointers = {};
    for (std::size_t i = 0; i < kCount; ++i) pointers[i] = &kList[i];
    return pointers;
  }
  static constexpr std::array<const certspan_action*, kCount> kPointers = make_pointers();

  static constexpr bool any_offline() {
    for (const ActionSpec& spec : T::kActions) {
      if ((spec.flags & CERTSPAN_ACTION_OFFLINE) != 0) return true;
    }
    return false;
  }

  static std::optional<std::string> dispatch(certspan_instance* instance, std::string_view name,
                                             std::string_view arguments, Faults& faults) {
    if (instance != nullptr) return connector_of<T>(instance).run_action(name, arguments, faults);
    if constexpr (any_offline()) {
      return T::run_offline(name, arguments, faults);
    } else {
      faults.add("", "this action needs a running connector");
      return std::nullopt;
    }
  }

  static certspan_outcome run(certspan_instance* instance, const char* name, certspan_string_view arguments,
                              const certspan_bytes_sink* result, const certspan_fault_sink* sink) noexcept {
    return guard_outcome(sink, [&] {
      Faults faults(sink);
      const std::optional<std::string> text = dispatch(instance, name, from_abi(arguments), faults);
      if (!text.has_value() || faults.any()) return Outcome::Invalid;
      result->put(result->context, to_abi(bytes_of(*text)));
      return Outcome::Ok;
    });
  }

  static constexpr certspan_actions kTable = {.struct_size = sizeof(certspan_actions),
                                              .action_count = static_cast<std::uint32_t>(kCount),
                                              .actions = kPointers.data(),
                                              .run = &run};
};

}  // namespace certspan::sdk::detail
