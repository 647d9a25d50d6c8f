// The body of a request to a service, where it may hold a challenge or a secret.
#pragma once

#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::connector {

/// Octets in one place, and wiped. Neither copied nor moved to another place as they grow.
class SecretBody {
 public:
  /// Requires: no more than `most` octets are put.
  explicit SecretBody(std::size_t most) : bytes_(most) {}
  void put(std::string_view text);
  /// As a JSON string. Requires: printable ASCII.
  void put_quoted(std::string_view text);
  /// As a JSON string in base64.
  void put_base64(pki::BytesView octets);
  /// As a value of application/x-www-form-urlencoded; up to three octets for each.
  void put_form_value(std::string_view text);
  pki::BytesView view() const { return bytes_.reveal().first(size_); }

 private:
  pki::SecretBytes bytes_;
  std::size_t size_ = 0;
};

}  // namespace certspan::connector
