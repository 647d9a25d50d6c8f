// Named commands that a connector type offers to the command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <certspan/abi/actions.h>
#include <certspan/connector.hpp>

namespace certspan::sdk {

/// One named command. The texts are static.
struct ActionSpec {
  const char* name;
  const char* summary;
  std::uint32_t person;  ///< least role that may run it: CERTSPAN_PERSON_*
  std::uint32_t flags;   ///< CERTSPAN_ACTION_*
  const char* argument_schema;
};

/// A connector with named commands. The class lists them,
/// `static constexpr certspan::sdk::ActionSpec kActions[] = {...};`, and if one of them has
/// CERTSPAN_ACTION_OFFLINE it also has
/// `static std::optional<std::string> run_offline(std::string_view name, std::string_view arguments,
/// Faults&)`.
class Actions : public virtual Connector {
 public:
  /// Runs one; `arguments` is a JSON object. The result is a JSON object; nothing, after at least one fault,
  /// means that it could not be done. Control thread; may block.
  virtual std::optional<std::string> run_action(std::string_view name, std::string_view arguments,
                                                Faults& faults) = 0;
};

}  // namespace certspan::sdk
