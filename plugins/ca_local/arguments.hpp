// The arguments of one action, read with every fault reported at its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <certspan/faults.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::ca_local {

/// Borrows the document and the faults; one thread.
class Arguments {
 public:
  Arguments(const nlohmann::json& document, sdk::Faults& faults) : document_(document), faults_(faults) {}

  bool has(const char* name) const { return document_.contains(name); }
  /// "" after a fault if it is missing or no text.
  std::string text(const char* name) const;
  bool flag(const char* name) const;
  std::vector<std::string> texts(const char* name) const;
  /// Seconds; at least a minute.
  std::int64_t duration(const char* name, std::chrono::hours fallback) const;
  std::optional<pki::KeySpec> key_spec(const char* name) const;
  /// Whether the key is in a token, and that key: made as `make` says, or the one that is there.
  bool in_token() const { return has("pkcs11"); }
  std::optional<pki::PrivateKey> token_key(std::optional<pki::KeySpec> make) const;
  /// DER of a name that is not empty.
  pki::Bytes subject(const char* name) const;

  void fault(const char* name, const std::string& message) const {
    faults_.add(*name == '\0' ? "" : "/" + std::string(name), message);
  }
  /// The value, or nothing after a fault at the argument `name` ("" for the whole).
  template <class T>
  std::optional<T> take(const char* name, pki::Result<T> result) const {
    if (result) return std::optional<T>(std::move(*result));
    fault(name, result.error().message);
    return std::nullopt;
  }
  bool check(const char* name, const pki::Result<void>& result) const {
    if (!result) fault(name, result.error().message);
    return result.has_value();
  }
  bool faulty() const { return faults_.any(); }

 private:
  const nlohmann::json& document_;
  sdk::Faults& faults_;
};

}  // namespace certspan::ca_local
