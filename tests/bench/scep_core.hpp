#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::bench {

/// An enrolment as the plugins do it, and nothing else: a PKCSReq is read, its request opened, held to the
/// profile and certified, and the reply written. No host, no journal, no challenge, no contract between
/// plugins. Thread-safe.
class ScepCore {
 public:
  /// `directory` is one that `certspan init` wrote. Throws std::runtime_error.
  explicit ScepCore(const std::string& directory);
  ~ScepCore();

  /// The whole CertRep. Throws std::runtime_error when it is no success.
  pki::Bytes enrol(pki::BytesView message) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace certspan::bench
