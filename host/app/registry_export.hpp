#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/base/result.hpp"

namespace certspan {

/// A value of the registry, as far as settings need them: REG_DWORD and REG_QWORD are numbers, REG_SZ and
/// REG_EXPAND_SZ one string, REG_MULTI_SZ strings in UTF-8, and all others their octets' count.
struct RegistryBinary {
  std::size_t size = 0;
};
using RegistryData = std::variant<std::uint64_t, std::string, std::vector<std::string>, RegistryBinary>;
struct RegistryValue {
  std::string name;  ///< as written; the default value of a key has none
  RegistryData data;
  std::size_t line = 0;
};

/// What regedit and `reg export` write, in either of the two versions of their format: keys with values. The
/// registry knows no case, so names are found in whatever case. Immutable.
class RegistryExport {
 public:
  /// The largest export that is read.
  static constexpr std::size_t kMostBytes = std::size_t{4} << 20;

  /// UTF-16LE or UTF-8, as its beginning says. Errors, which name the line: import.not_registry,
  /// import.bad_registry.
  static Result<RegistryExport> parse(std::string_view file);

  bool has_key(std::string_view key) const;
  /// nullptr if it is not there.
  const RegistryValue* find(std::string_view key, std::string_view name) const;
  /// The keys as they are written, in alphabetical order.
  std::vector<std::string> keys() const;
  /// The values of a key by their names; none if it is not there.
  std::vector<const RegistryValue*> values(std::string_view key) const;

 private:
  friend class RegistryReader;
  struct Key {
    std::string name;
    std::map<std::string, RegistryValue> values;  ///< by name in lower case
  };
  std::map<std::string, Key> keys_;  ///< likewise
};

}  // namespace certspan
