#pragma once

#include <cstdint>
#include <string>

#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/config/mark.hpp"

namespace certspan {

/// Where a secret stands; never the secret. Made by `${file:/path}` or `${credential:NAME}`.
struct SecretRef {
  enum class Store : std::uint8_t {
    File,        ///< `name` is an absolute path
    Credential,  ///< `name` is a file in $CREDENTIALS_DIRECTORY, which systemd fills
  };

  Store store = Store::File;
  std::string name;
  Mark mark;

  bool operator==(const SecretRef&) const = default;
};

/// "${file:/run/credentials/intune}", for messages.
std::string to_string(const SecretRef& ref);

/// Opens a secret: at most 64 KiB. One newline at the end goes if the content has no other one, so that a
/// password written by an editor works and a PEM file stays as it is.
/// May block. Errors: secret.missing, secret.unreadable, secret.no_file, secret.too_large, secret.empty,
/// secret.no_credentials (the service manager gave this process no credentials).
Result<Secret> read_secret(const SecretRef& ref);

}  // namespace certspan
