#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/config/type_catalog.hpp"

namespace certspan {

/// The connector of the bundled `profile` plugin that fences every issuer; it need not stand in the file.
inline constexpr std::string_view kFenceConnector = "profile";
inline constexpr std::string_view kFencePlugin = "profile";
inline constexpr std::string_view kFenceType = "fence";

/// Paths that a connector may register routes under, on one listener.
struct RouteGrant {
  std::string listener;
  std::vector<std::string> paths;
};

/// A connector ready for the plugin's `create`.
struct PreparedConnector {
  std::string name;
  std::string plugin;
  std::string type;
  std::string settings;                      ///< JSON, checked against the type's schema
  std::vector<SecretRef> secrets;            ///< token "secret:<n>" in the settings opens secrets[n]
  std::vector<std::filesystem::path> files;  ///< that its settings name by path; absolute
  std::vector<RouteGrant> grants;
  std::vector<std::string> uses;  ///< connectors that its settings name
  bool shares_secret = false;     ///< has a secret that every device puts into its request
  std::uint32_t concurrency = 4;
  bool required = true;
  Isolation isolation = Isolation::InProcess;
  bool network = false;

  /// Where the file says what stands at a JSON pointer of the settings: the key, or the nearest one around
  /// it.
  Mark place_of(std::string_view json_pointer) const;

  /// Whether the value at a JSON pointer of the settings, one around it or one in it has a fault already.
  bool faulted_at(std::string_view json_pointer) const;

  std::set<std::string> faulted;                    ///< JSON pointers
  std::map<std::string, Mark, std::less<>> places;  ///< JSON pointer -> place of its key or list item
  std::map<std::string, Mark> route_places;         ///< path in `grants` -> where it stands
};

/// The whole file, ready for the plugins.
struct PreparedConfig {
  std::vector<PreparedConnector> connectors;  ///< in the order of the file, the fence last

  const PreparedConnector* connector(std::string_view name) const;
};

/// The second pass: checks what needs the plugins' types. Settings against their JSON Schema (unknown keys
/// with what was probably meant, units, secrets, names of listeners and connectors, routes), roles of the
/// connectors in each step, that a network source reaches an issuer only past a validator, and that no CA key
/// gets into this process unasked. Faults go to `faults`. Connectors whose plugin or type is missing are left
/// out of the result: an error, or a warning when the file says `required: false`.
PreparedConfig check_against_types(const Config& config, const TypeCatalog& catalog, Faults& faults);

/// Reports faults of a plugin's own `validate_config` or `create` at their place, unless something is said of
/// that place already.
void add_plugin_fault(const PreparedConnector& connector, std::string_view json_pointer,
                      std::string_view message, Faults& faults);

/// Tries to open every secret of `prepared`, as `check` does: what is missing is an error; what this user may
/// not read, or only the service manager provides, a warning. Contents are wiped at once.
void check_secrets_readable(const PreparedConfig& prepared, Faults& faults);
/// The same of one secret, from the error of read_secret.
void fault_of_secret(const SecretRef& ref, const Error& error, Faults& faults);

}  // namespace certspan
