// GeneralNames (RFC 5280 4.2.1.6), as subject alternative names hold them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

enum class GeneralNameKind : std::uint8_t {
  Email,         // rfc822Name
  Dns,           // dNSName
  Uri,           // uniformResourceIdentifier
  Ip,            // iPAddress: value holds 4 or 16 raw octets
  Upn,           // otherName 1.3.6.1.4.1.311.20.2.3 with a UTF8String: value is the text
  OtherName,     // any other otherName: value is the DER inside its [0]
  Directory,     // directoryName: value is the Name DER
  RegisteredId,  // registeredID: value is the content octets of the identifier
  X400,          // kept as raw content
  EdiParty,      // kept as raw content
};

// "email", "dns", "uri", "ip", "upn", "other_name", ...
std::string_view general_name_kind_name(GeneralNameKind kind);

struct GeneralName {
  GeneralNameKind kind = GeneralNameKind::Dns;
  std::string value;  // text or octets, see the kinds
  Oid other_type;     // of OtherName and Upn

  friend bool operator==(const GeneralName&, const GeneralName&) = default;
};

// Reads a whole GeneralNames value. Text of email, dns and uri must be ASCII without NUL, an IP of 4 or 16
// octets. Whether a text is a good name of its kind is asked with `check_general_name`. Faults: Malformed,
// also if there is no name at all; TooLarge beyond 128 names.
Result<std::vector<GeneralName>> parse_general_names(BytesView der);

// Requires: values as parse_general_names gives them.
Bytes encode_general_names(std::span<const GeneralName> names);

// Whether the text is well formed for its kind: host name by the preferred syntax (a leftmost "*" label
// allowed), mailbox local@domain, URI with a scheme, UPN user@suffix. Fault: Malformed with the reason.
Result<void> check_general_name(const GeneralName& name);

// "dns:laptop.example", "ip:192.0.2.7"; escaped for logs.
std::string to_string(const GeneralName& name);

// By what people know a device or its user: e-mail and IP addresses, DNS names, URIs and UPNs of a
// subjectAltName's value, as `to_string` writes them, with a space between two, as many as fit into `most`
// octets. One that has a space itself is left out. Empty for what can't be read.
std::string names_for_people(BytesView general_names, std::size_t most);

}  // namespace certspan::pki
