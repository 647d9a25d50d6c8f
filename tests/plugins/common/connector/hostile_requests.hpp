// Requests that nobody should get a certificate for, and how each must be refused.
#pragma once

#include <string>
#include <vector>

#include <certspan/types.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::test {

struct HostileRequest {
  std::string name;
  sdk::Outcome outcome;
  std::string word;  // of the code, behind the plugin's name and the dot
  pki::Bytes der;
};

/// The profile that they break, JSON: dns and uri names, client_auth, RSA from 2048 bits, P-256.
extern const char kStrictProfile[];

/// Made anew by make_hostile_requests.py in `dir`, which holds the CA's key as "ca.key" and its subject as
/// "ca_subject.der". Throws if the script and the table here name different requests.
std::vector<HostileRequest> make_hostile_requests(const pki::test::TempDir& dir);

}  // namespace certspan::test
