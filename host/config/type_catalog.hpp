#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace certspan {

/// What a connector can do. A bit each, for RoleSet.
enum class Role : std::uint8_t {
  Source = 1,
  Validator = 2,
  Processor = 4,
  Issuer = 8,
  Deliverer = 16,
  Revoker = 32
};

/// "source", "validator", ...
std::string_view to_string(Role role);
std::optional<Role> role_from_string(std::string_view word);

/// The roles of one connector type.
class RoleSet {
 public:
  RoleSet() = default;
  RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles) add(role);
  }
  void add(Role role) { bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(role)); }
  bool has(Role role) const { return (bits_ & static_cast<std::uint8_t>(role)) != 0; }

 private:
  std::uint8_t bits_ = 0;
};

/// A connector type as a loaded plugin describes it.
struct ConnectorType {
  std::string plugin;
  std::string name;
  std::string summary;
  std::string settings_schema;  ///< JSON Schema, draft 7
  RoleSet roles;
  std::uint32_t flags = 0;     ///< CERTSPAN_TYPE_*
  bool needs_network = false;  ///< its plugin says that it opens sockets of its own
};

/// The connector types that this host can make; the host implements it over its loaded plugins. What it gives
/// out lives as long as the catalog.
class TypeCatalog {
 public:
  virtual ~TypeCatalog() = default;

  virtual std::vector<const ConnectorType*> types() const = 0;
  /// Why a plugin that was found is not usable ("built for another machine"); "" when none was found or it is
  /// usable.
  virtual std::string why_refused(std::string_view plugin) const = 0;

  /// Null when there is none.
  const ConnectorType* find(std::string_view plugin, std::string_view type) const;
};

}  // namespace certspan
