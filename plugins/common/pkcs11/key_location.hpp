// Which key of which token, as settings and arguments say it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>
#include <tl/expected.hpp>

#include "plugins/common/pki/bytes.hpp"

struct p11_kit_uri;

namespace certspan::pkcs11 {

/// What is wrong with a key in a token, and which of the settings `module`, `uri` and `pin` says so.
struct KeyFault {
  std::string setting;
  std::string message;  // lower case, no full stop, what to do, never a secret
};

template <class T>
using KeyResult = tl::expected<T, KeyFault>;

inline tl::unexpected<KeyFault> key_fault(std::string setting, std::string message) {
  return tl::unexpected<KeyFault>(KeyFault{std::move(setting), std::move(message)});
}

/// A module and an RFC 7512 URI. Immutable; a copy shares the URI.
class KeyLocation {
 public:
  /// Asks no token and opens no file. Faults at "uri": no PKCS #11 URI, nothing that names a token or an
  /// object, attributes that are unknown here, a PIN or a module that belongs into a setting of its own.
  static KeyResult<KeyLocation> parse(std::string module, const std::string& uri);

  const std::string& module() const { return module_; }
  bool is_token(CK_TOKEN_INFO& info) const;
  /// CKA_LABEL and CKA_ID, as far as the URI has them.
  std::span<const CK_ATTRIBUTE> object() const { return object_; }
  /// For people: the object's label, else its id in hexadecimal.
  std::string object_name() const;

 private:
  std::string module_;
  std::shared_ptr<p11_kit_uri> uri_;
  std::vector<CK_ATTRIBUTE> object_;  // values belong to uri_
};

/// Opens the PIN each time that a login needs it; nothing: there is none. Any thread.
using PinSource = std::function<pki::SecretBytes()>;

}  // namespace certspan::pkcs11
