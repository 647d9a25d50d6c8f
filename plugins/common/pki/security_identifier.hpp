// Windows security identifiers (SIDs) in requests and certificates: whom a domain takes the holder for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// Whether a reader may take the name for a SID, however it is written: any URI of Microsoft's tag, in any
// case and percent-encoded.
bool may_name_a_sid(const GeneralName& name);

// The SID of a URI tag:microsoft.com,2022-09-14:sid:<SID> (MS-PKCA 3.1.5.2.1.6), which is "S-1-" and numbers
// (MS-DTYP 2.4.2.1). nullopt for anything that is not written just so.
std::optional<std::string> sid_of(const GeneralName& name);

// The SID that the alternative names of a request name: "" if they name none. Fault: Malformed for names that
// can't be read, for more than one SID and for what may_name_a_sid but is not written just so.
Result<std::string> named_sid(const CertificateRequest& request);

// The value of the extension 1.3.6.1.4.1.311.25.2, which is not critical (MS-WCCE 2.2.2.7.7.4). Requires: a
// SID as sid_of gives it.
Bytes encode_sid_extension(std::string_view sid);

}  // namespace certspan::pki
