#include "host/loading/interfaces.hpp"

#include <array>
#include <initializer_list>
#include <utility>

namespace certspan {
namespace {

/// A function that the contract requires, and whether the table has it.
using Required = std::pair<std::string_view, bool>;

std::optional<std::string> first_missing(std::initializer_list<Required> functions) {
  for (const auto& [name, present] : functions) {
    if (!present) return "has no \"" + std::string(name) + "\"";
  }
  return std::nullopt;
}

/// Every table begins with its size. Until 1.0 the first release's size is that of today.
template <typename Table>
std::optional<std::string> too_short(const Table& table) {
  if (table.struct_size >= sizeof(Table)) return std::nullopt;
  return "is " + std::to_string(table.struct_size) + " bytes long, this host's contract says " +
         std::to_string(sizeof(Table));
}

std::optional<std::string> source_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_role_source*>(pointer);
  if (auto fault = too_short(table)) return fault;
  // `handle` may be null, for a source without HTTP, and `gather`, for one that waits for requests.
  return first_missing({{"open_intake", table.open_intake != nullptr},
                        {"close_intake", table.close_intake != nullptr},
                        {"reply", table.reply != nullptr}});
}

std::optional<std::string> validator_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_role_validator*>(pointer);
  if (auto fault = too_short(table)) return fault;
  return first_missing({{"validate", table.validate != nullptr}});
}

std::optional<std::string> processor_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_role_processor*>(pointer);
  if (auto fault = too_short(table)) return fault;
  return first_missing(
      {{"before_issue", table.before_issue != nullptr}, {"after_issue", table.after_issue != nullptr}});
}

std::optional<std::string> issuer_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_role_issuer*>(pointer);
  if (auto fault = too_short(table)) return fault;
  if (auto fault = first_missing({{"issue", table.issue != nullptr}, {"chain", table.chain != nullptr}})) {
    return fault;
  }
  if ((table.flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0 && table.lookup == nullptr) {
    return "declares local effects but has no \"lookup\"";
  }
  return std::nullopt;
}

std::optional<std::string> revoker_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_role_revoker*>(pointer);
  if (auto fault = too_short(table)) return fault;
  return first_missing({{"revoke", table.revoke != nullptr}});
}

std::optional<std::string> deliverer_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_role_deliverer*>(pointer);
  if (auto fault = too_short(table)) return fault;
  return first_missing({{"deliver", table.deliver != nullptr}});
}

std::optional<std::string> actions_fault(const void* pointer) {
  const auto& table = *static_cast<const certspan_actions*>(pointer);
  if (auto fault = too_short(table)) return fault;
  if (table.actions == nullptr && table.action_count != 0) return "has a null list of actions";
  for (std::uint32_t i = 0; i < table.action_count; ++i) {
    const certspan_action* action = table.actions[i];
    if (action == nullptr || action->struct_size < sizeof(certspan_action) || action->name == nullptr ||
        action->summary == nullptr || action->argument_schema == nullptr) {
      return "has an incomplete action at place " + std::to_string(i);
    }
  }
  return first_missing({{"run", table.run != nullptr}});
}

constexpr std::array<KnownInterface, 7> kKnown = {{
    {CERTSPAN_ROLE_SOURCE, "source", true, &source_fault},
    {CERTSPAN_ROLE_VALIDATOR, "validator", true, &validator_fault},
    {CERTSPAN_ROLE_PROCESSOR, "processor", true, &processor_fault},
    {CERTSPAN_ROLE_ISSUER, "issuer", true, &issuer_fault},
    {CERTSPAN_ROLE_REVOKER, "revoker", true, &revoker_fault},
    {CERTSPAN_ROLE_DELIVERER, "deliverer", true, &deliverer_fault},
    {CERTSPAN_INTERFACE_ACTIONS, "actions", false, &actions_fault},
}};

}  // namespace

std::span<const KnownInterface> known_interfaces() {
  return kKnown;
}

}  // namespace certspan
