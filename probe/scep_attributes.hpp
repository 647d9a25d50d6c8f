// The attributes of SCEP messages (RFC 8894, 3.2.1) by their object identifiers, and values of them.
#pragma once

#include <string_view>

namespace certspan::scep_probe {

inline constexpr const char* kMessageType = "2.16.840.1.113733.1.9.2";
inline constexpr const char* kPkiStatus = "2.16.840.1.113733.1.9.3";
inline constexpr const char* kFailInfo = "2.16.840.1.113733.1.9.4";
inline constexpr const char* kSenderNonce = "2.16.840.1.113733.1.9.5";
inline constexpr const char* kRecipientNonce = "2.16.840.1.113733.1.9.6";
inline constexpr const char* kTransactionId = "2.16.840.1.113733.1.9.7";
inline constexpr const char* kFailInfoText = "1.3.6.1.5.5.7.24.1";

inline constexpr std::string_view kCertRep = "3";
inline constexpr std::string_view kPkcsReq = "19";
inline constexpr std::string_view kCertPoll = "20";

inline constexpr std::string_view kSuccess = "0";
inline constexpr std::string_view kFailure = "2";
inline constexpr std::string_view kPending = "3";

}  // namespace certspan::scep_probe
