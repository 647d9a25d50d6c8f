// Turns classes into a plugin.
//
//   class AcmeCa final : public certspan::sdk::Issuer {
//    public:
//     static constexpr const char* kName = "acme_ca";
//     static constexpr const char* kSummary = "Issues certificates from the Acme service.";
//     static constexpr const char* kSettingsSchema = R"({"type": "object", ...})";
//     static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;                    // optional
//     static bool validate_settings(std::string_view settings, certspan::sdk::Faults&);    // optional
//     AcmeCa(certspan::sdk::Host host, std::string_view name, std::string_view settings);  // may throw
//     certspan::sdk::Answer issue(const certspan::sdk::Item& item) override;
//     certspan::sdk::Outcome chain(certspan::sdk::ChainSink& chain) override;
//   };
//   CERTSPAN_PLUGIN(AcmeCa)
//
// The plugin's id and version come from certspan_add_plugin() in CMake. A plugin brings its own JSON reader
// for the settings, which arrive as text that fits the schema.
#pragma once

#include <array>
#include <cstring>
#include <string_view>
#include <type_traits>

#include <certspan/abi/plugin.h>
#include <certspan/actions.hpp>
#include <certspan/answer.hpp>
#include <certspan/connector.hpp>
#include <certspan/detail/actions_table.hpp>
#include <certspan/detail/edge.hpp>
#include <certspan/detail/role_tables.hpp>
#include <certspan/faults.hpp>
#include <certspan/host.hpp>
#include <certspan/http.hpp>
#include <certspan/item.hpp>

namespace certspan::sdk {

/// The C table of the connector type that class T implements.
template <class T>
struct ConnectorType {
  static_assert(std::is_base_of_v<Connector, T>,
                "derive the class from Issuer, Validator, Processor, Deliverer, Revoker or Source");
  static_assert(
      std::is_constructible_v<T, Host, std::string_view, std::string_view>,
      "the class needs a public constructor (Host host, std::string_view name, std::string_view settings)");

  static certspan_outcome validate_config(certspan_string_view settings,
                                          const certspan_fault_sink* sink) noexcept {
    return detail::guard_outcome(sink, [&] {
      Faults faults(sink);
      if constexpr (requires { T::validate_settings(std::string_view(), faults); }) {
        if (!T::validate_settings(from_abi(settings), faults) && !faults.any()) {
          faults.add("", "the plugin refuses these settings and does not say why");
        }
      }
      return faults.any() ? Outcome::Invalid : Outcome::Ok;
    });
  }

  static certspan_outcome create(const certspan_host* host, certspan_string_view name,
                                 certspan_string_view settings, const certspan_fault_sink* faults,
                                 certspan_instance** instance) noexcept {
    *instance = nullptr;
    return detail::guard_outcome(faults, [&] {
      auto* made = new detail::Instance<T>(host, from_abi(name), from_abi(settings));
      *instance = reinterpret_cast<certspan_instance*>(made);
      return Outcome::Ok;
    });
  }

  static certspan_outcome start(certspan_instance* instance, const certspan_fault_sink* sink) noexcept {
    return detail::guard_outcome(sink, [&] {
      Faults faults(sink);
      const bool started = detail::connector_of<T>(instance).start(faults);
      return started && !faults.any() ? Outcome::Ok : Outcome::Unavailable;
    });
  }

  static certspan_outcome drain(certspan_instance* instance, std::uint64_t deadline_ns) noexcept {
    return detail::guard_outcome(nullptr, [&] {
      const auto deadline = std::chrono::steady_clock::time_point(
          std::chrono::nanoseconds(static_cast<std::int64_t>(deadline_ns)));
      return detail::connector_of<T>(instance).drain(deadline) ? Outcome::Ok : Outcome::Unavailable;
    });
  }

  static void stop(certspan_instance* instance) noexcept {
    detail::guard_void(detail::instance_of<T>(instance).host,
                       [&] { detail::connector_of<T>(instance).stop(); });
  }

  static void destroy(certspan_instance* instance) noexcept {
    delete reinterpret_cast<detail::Instance<T>*>(instance);
  }

  static const void* interface_table(const char* id) noexcept {
    if constexpr (std::is_base_of_v<Issuer, T>) {
      if (std::strcmp(id, CERTSPAN_ROLE_ISSUER) == 0) return &detail::IssuerTable<T>::kTable;
    }
    if constexpr (std::is_base_of_v<Validator, T>) {
      if (std::strcmp(id, CERTSPAN_ROLE_VALIDATOR) == 0) return &detail::ValidatorTable<T>::kTable;
    }
    if constexpr (std::is_base_of_v<Processor, T>) {
      if (std::strcmp(id, CERTSPAN_ROLE_PROCESSOR) == 0) return &detail::ProcessorTable<T>::kTable;
    }
    if constexpr (std::is_base_of_v<Deliverer, T>) {
      if (std::strcmp(id, CERTSPAN_ROLE_DELIVERER) == 0) return &detail::DelivererTable<T>::kTable;
    }
    if constexpr (std::is_base_of_v<Revoker, T>) {
      if (std::strcmp(id, CERTSPAN_ROLE_REVOKER) == 0) return &detail::RevokerTable<T>::kTable;
    }
    if constexpr (std::is_base_of_v<Source, T>) {
      if (std::strcmp(id, CERTSPAN_ROLE_SOURCE) == 0) return &detail::SourceTable<T>::kTable;
    }
    if constexpr (std::is_base_of_v<Actions, T>) {
      if (std::strcmp(id, CERTSPAN_INTERFACE_ACTIONS) == 0) return &detail::ActionsTable<T>::kTable;
    }
    return nullptr;
  }

  static constexpr std::uint32_t flags() {
    if constexpr (requires { T::kFlags; }) {
      return T::kFlags;
    } else {
      return 0;
    }
  }

  static constexpr certspan_connector_type kTable = {
      .struct_size = sizeof(certspan_connector_type),
      .flags = flags(),
      .name = T::kName,
      .summary = T::kSummary,
      .settings_schema = T::kSettingsSchema,
      .validate_config = &validate_config,
      .create = &create,
      .start = &start,
      .drain = CERTSPAN_SDK_OVERRIDES(T, Connector, drain) ? &drain : nullptr,
      .stop = &stop,
      .destroy = &destroy,
      .interface_table = &interface_table,
  };
};

/// The descriptor of a plugin with the connector types `Types`.
template <class... Types>
struct Plugin {
  static constexpr std::array<const certspan_connector_type*, sizeof...(Types)> kTypes = {
      &ConnectorType<Types>::kTable...};

  static constexpr certspan_plugin describe(const char* id, const char* version) {
    return {.struct_size = sizeof(certspan_plugin),
            .abi_major = CERTSPAN_ABI_MAJOR,
            .abi_minor = CERTSPAN_ABI_MINOR,
            .abi_build = CERTSPAN_ABI_BUILD,
            .type_count = static_cast<std::uint32_t>(sizeof...(Types)),
            .id = id,
            .version = version,
            .types = kTypes.data()};
  }
};

}  // namespace certspan::sdk

// Defines the entry symbol. Stands once, in one source file of the plugin; the identity header is looked up
// only where a plugin is made, so that the rest of the layer can be used without one.
#if __has_include(<certspan/plugin_identity.h>)
#include <certspan/plugin_identity.h>
#endif

#define CERTSPAN_PLUGIN(...)                                                                       \
  extern "C" const certspan_plugin* certspan_plugin_entry_v0() noexcept {                          \
    static constexpr certspan_plugin kPlugin =                                                     \
        certspan::sdk::Plugin<__VA_ARGS__>::describe(CERTSPAN_PLUGIN_ID, CERTSPAN_PLUGIN_VERSION); \
    return &kPlugin;                                                                               \
  }
