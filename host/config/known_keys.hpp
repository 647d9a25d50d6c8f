#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace certspan {

/// A key of the file's own grammar (not of a plugin's settings) and the mapping it stands in, "" for the top
/// level; `*` stands for a name of the admin's choice.
struct KnownKey {
  std::string_view key;
  std::string_view parent;
};

/// Every key there is. One test holds it against the JSON Schema, another against the reader.
std::span<const KnownKey> known_keys();

/// The mappings that `key` belongs in.
std::vector<std::string_view> parents_of(std::string_view key);

}  // namespace certspan
