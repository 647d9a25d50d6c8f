#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <certspan/abi/actions.h>
#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>

namespace certspan {

/// An action by which a connector says how it stands, for `certspan status`.
inline constexpr const char* kStatusAction = "status";

/// Which id goes with which table, so that `connector.role<certspan_role_issuer>()` can't be asked for with
/// the wrong one.
template <typename Table>
struct InterfaceId;
template <>
struct InterfaceId<certspan_role_source> {
  static constexpr const char* kId = CERTSPAN_ROLE_SOURCE;
};
template <>
struct InterfaceId<certspan_role_validator> {
  static constexpr const char* kId = CERTSPAN_ROLE_VALIDATOR;
};
template <>
struct InterfaceId<certspan_role_processor> {
  static constexpr const char* kId = CERTSPAN_ROLE_PROCESSOR;
};
template <>
struct InterfaceId<certspan_role_issuer> {
  static constexpr const char* kId = CERTSPAN_ROLE_ISSUER;
};
template <>
struct InterfaceId<certspan_role_deliverer> {
  static constexpr const char* kId = CERTSPAN_ROLE_DELIVERER;
};
template <>
struct InterfaceId<certspan_role_revoker> {
  static constexpr const char* kId = CERTSPAN_ROLE_REVOKER;
};
template <>
struct InterfaceId<certspan_actions> {
  static constexpr const char* kId = CERTSPAN_INTERFACE_ACTIONS;
};

/// An interface that this host knows: its id, the word for people ("issuer"), and a check of a table that a
/// plugin answered with (long enough, required functions there). The check returns what is wrong, or nothing.
struct KnownInterface {
  const char* id;
  std::string_view word;
  bool is_role;
  std::optional<std::string> (*fault)(const void* table);
};

/// In the order in which people read them: source, validator, processor, issuer, revoker, deliverer, actions.
std::span<const KnownInterface> known_interfaces();

/// The table of `type` for Table's id, or null when the type does not offer it or it is too short to be one.
template <typename Table>
const Table* interface_of(const certspan_connector_type& type) {
  const auto* table = static_cast<const Table*>(type.interface_table(InterfaceId<Table>::kId));
  return table != nullptr && table->struct_size >= sizeof(Table) ? table : nullptr;
}

}  // namespace certspan
