// An RA of our own and messages to it made by the independent builder in tests/support/scep_messages.py.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "plugins/common/pki/scep_message.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki::test {

// Thread-compatible; makes an RSA key and runs Python once, so share one where tests allow it.
class ScepLab {
 public:
  // `messages` is the inner text of the JSON list that scep_lab.py reads: {"name": "a", "cipher": "aes256"},
  // ...
  explicit ScepLab(const std::string& messages);

  const TempDir& dir() const { return dir_; }
  Bytes message(const std::string& name) const { return dir_.read(name + ".der"); }
  Bytes csr(const std::string& name) const { return dir_.read(name + ".csr"); }
  RaCredential credential() const { return {key_, certificate_}; }
  Opener opener(const ScepOptions& options = {}) const;
  ReplySigner signer() const;
  // A certificate for the request's key, signed by the RA key, which is CA enough for these tests.
  Bytes issue(const CertificateRequest& request) const;
  // What the independent reader says about a reply to message `name`; its complaint if it refuses it.
  std::string judge(const std::string& name, BytesView reply) const;

 private:
  TempDir dir_;
  std::shared_ptr<const PrivateKey> key_;
  Bytes certificate_;
};

// The directory of the sources, from which Python scripts are run.
std::string source_path(std::string_view relative);

}  // namespace certspan::pki::test
