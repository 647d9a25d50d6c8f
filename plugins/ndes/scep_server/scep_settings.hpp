// What the YAML says about a SCEP endpoint.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/faults.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/pkcs11/key_setting.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace certspan::scep {

enum class CaCertificates : std::uint8_t { RaOnly, RaAndCa, ChainWithoutRoot, Chain };

// Where an RA's certificate and key are.
struct RaPlace {
  std::string certificate_file;
  pkcs11::KeyChoice key;
};

// An RA that the endpoint has certified, again and again, by a CA of this host.
struct CertifiedRa {
  std::string issuer;  // connector
  std::string subject;
  pki::KeySpec key = pki::KeySpec::Rsa2048;
  std::chrono::milliseconds validity{};
};

struct ScepSettings {
  static ScepSettings read(std::string_view json);

  std::string listener;
  std::vector<std::string> paths;
  std::string crl_path;  // where CRLs can be fetched without SCEP, "" for nowhere
  RaPlace ra;            // empty with `certified_ra`
  std::optional<CertifiedRa> certified_ra;
  std::vector<RaPlace> previous_ras;  // whose clients may still use their certificates
  bool danger_enrollment_agent_ra = false;
  std::vector<std::string> extra_capabilities;
  std::vector<std::string> capabilities;  // all of them; empty: as the other settings make them
  bool capabilities_in_crlf = false;
  CaCertificates ca_certificates = CaCertificates::RaAndCa;
  bool reply_with_chain = false;
  std::string profile;  // a label on every item, "" for none
  pki::ScepOptions options;
  nlohmann::json ra_as_written;  // for what checks the choice of a key
};

// What the schema can't say; reads the RA certificate file but not its key.
void check_scep_settings(const ScepSettings& settings, std::int64_t now, sdk::Faults& faults);

}  // namespace certspan::scep
