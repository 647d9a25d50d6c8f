// The object identifiers that this library knows, encoded at compile time.
#pragma once

#include "plugins/common/pki/oid.hpp"

namespace certspan::pki::oids {

consteval Oid known(std::string_view dotted) {
  return Oid::from_dotted(dotted).value();
}

// Keys and signatures (RFC 3279, 4055, 5480).
inline constexpr Oid kRsaEncryption = known("1.2.840.113549.1.1.1");
inline constexpr Oid kRsaesOaep = known("1.2.840.113549.1.1.7");
inline constexpr Oid kMgf1 = known("1.2.840.113549.1.1.8");
inline constexpr Oid kPSpecified = known("1.2.840.113549.1.1.9");
inline constexpr Oid kSha1WithRsa = known("1.2.840.113549.1.1.5");
inline constexpr Oid kSha256WithRsa = known("1.2.840.113549.1.1.11");
inline constexpr Oid kSha384WithRsa = known("1.2.840.113549.1.1.12");
inline constexpr Oid kSha512WithRsa = known("1.2.840.113549.1.1.13");
inline constexpr Oid kEcPublicKey = known("1.2.840.10045.2.1");
inline constexpr Oid kPrime256v1 = known("1.2.840.10045.3.1.7");
inline constexpr Oid kSecp384r1 = known("1.3.132.0.34");
inline constexpr Oid kSecp521r1 = known("1.3.132.0.35");
inline constexpr Oid kEcdsaWithSha1 = known("1.2.840.10045.4.1");
inline constexpr Oid kEcdsaWithSha256 = known("1.2.840.10045.4.3.2");
inline constexpr Oid kEcdsaWithSha384 = known("1.2.840.10045.4.3.3");
inline constexpr Oid kEcdsaWithSha512 = known("1.2.840.10045.4.3.4");

// Digests and ciphers.
inline constexpr Oid kSha1 = known("1.3.14.3.2.26");
inline constexpr Oid kSha256 = known("2.16.840.1.101.3.4.2.1");
inline constexpr Oid kSha384 = known("2.16.840.1.101.3.4.2.2");
inline constexpr Oid kSha512 = known("2.16.840.1.101.3.4.2.3");
inline constexpr Oid kAes128Cbc = known("2.16.840.1.101.3.4.1.2");
inline constexpr Oid kAes192Cbc = known("2.16.840.1.101.3.4.1.22");
inline constexpr Oid kAes256Cbc = known("2.16.840.1.101.3.4.1.42");
inline constexpr Oid kDesEde3Cbc = known("1.2.840.113549.3.7");
inline constexpr Oid kDesCbc = known("1.3.14.3.2.7");

// Names (RFC 5280 appendix A, RFC 4519).
inline constexpr Oid kCommonName = known("2.5.4.3");
inline constexpr Oid kSurname = known("2.5.4.4");
inline constexpr Oid kSerialNumber = known("2.5.4.5");
inline constexpr Oid kCountryName = known("2.5.4.6");
inline constexpr Oid kLocalityName = known("2.5.4.7");
inline constexpr Oid kStateName = known("2.5.4.8");
inline constexpr Oid kStreetAddress = known("2.5.4.9");
inline constexpr Oid kOrganizationName = known("2.5.4.10");
inline constexpr Oid kOrganizationalUnit = known("2.5.4.11");
inline constexpr Oid kTitle = known("2.5.4.12");
inline constexpr Oid kGivenName = known("2.5.4.42");
inline constexpr Oid kInitials = known("2.5.4.43");
inline constexpr Oid kDnQualifier = known("2.5.4.46");
inline constexpr Oid kPseudonym = known("2.5.4.65");
inline constexpr Oid kUserId = known("0.9.2342.19200300.100.1.1");
inline constexpr Oid kDomainComponent = known("0.9.2342.19200300.100.1.25");
inline constexpr Oid kEmailAddress = known("1.2.840.113549.1.9.1");

// Extensions (RFC 5280 4.2).
inline constexpr Oid kSubjectKeyIdentifier = known("2.5.29.14");
inline constexpr Oid kKeyUsage = known("2.5.29.15");
inline constexpr Oid kSubjectAltName = known("2.5.29.17");
inline constexpr Oid kBasicConstraints = known("2.5.29.19");
inline constexpr Oid kCrlNumber = known("2.5.29.20");
inline constexpr Oid kCrlReason = known("2.5.29.21");
inline constexpr Oid kDeltaCrlIndicator = known("2.5.29.27");
inline constexpr Oid kIssuingDistributionPoint = known("2.5.29.28");
inline constexpr Oid kCrlDistributionPoints = known("2.5.29.31");
inline constexpr Oid kAuthorityKeyIdentifier = known("2.5.29.35");
inline constexpr Oid kExtendedKeyUsage = known("2.5.29.37");
inline constexpr Oid kFreshestCrl = known("2.5.29.46");
inline constexpr Oid kAuthorityInfoAccess = known("1.3.6.1.5.5.7.1.1");
inline constexpr Oid kAdOcsp = known("1.3.6.1.5.5.7.48.1");
inline constexpr Oid kAdCaIssuers = known("1.3.6.1.5.5.7.48.2");

// OCSP (RFC 6960 4.2.1, 4.4.1 and 4.2.2.2.1).
inline constexpr Oid kOcspBasic = known("1.3.6.1.5.5.7.48.1.1");
inline constexpr Oid kOcspNonce = known("1.3.6.1.5.5.7.48.1.2");
inline constexpr Oid kOcspNoCheck = known("1.3.6.1.5.5.7.48.1.5");

// Extended key usages.
inline constexpr Oid kAnyExtendedKeyUsage = known("2.5.29.37.0");
inline constexpr Oid kServerAuth = known("1.3.6.1.5.5.7.3.1");
inline constexpr Oid kClientAuth = known("1.3.6.1.5.5.7.3.2");
inline constexpr Oid kCodeSigning = known("1.3.6.1.5.5.7.3.3");
inline constexpr Oid kEmailProtection = known("1.3.6.1.5.5.7.3.4");
inline constexpr Oid kTimeStamping = known("1.3.6.1.5.5.7.3.8");
inline constexpr Oid kOcspSigning = known("1.3.6.1.5.5.7.3.9");
inline constexpr Oid kIpsecIke = known("1.3.6.1.5.5.7.3.17");
inline constexpr Oid kMsSmartcardLogon = known("1.3.6.1.4.1.311.20.2.2");
inline constexpr Oid kMsEnrollmentAgent = known("1.3.6.1.4.1.311.20.2.1");

// PKCS #9 and Microsoft request attributes; Microsoft names and the SID extension.
inline constexpr Oid kChallengePassword = known("1.2.840.113549.1.9.7");
inline constexpr Oid kExtensionRequest = known("1.2.840.113549.1.9.14");
inline constexpr Oid kMsExtensionRequest = known("1.3.6.1.4.1.311.2.1.14");
inline constexpr Oid kMsEnrollmentNameValuePair = known("1.3.6.1.4.1.311.13.2.1");
inline constexpr Oid kMsSecurityIdentifier = known("1.3.6.1.4.1.311.25.2");
inline constexpr Oid kMsObjectSid = known("1.3.6.1.4.1.311.25.2.1");  // the otherName inside it
// What Windows puts into a request of its own accord: the template's name or identifier, the mail ciphers
// that the client knows, and purposes once more in Microsoft's own spelling.
inline constexpr Oid kMsTemplateName = known("1.3.6.1.4.1.311.20.2");
inline constexpr Oid kMsTemplate = known("1.3.6.1.4.1.311.21.7");
inline constexpr Oid kMsApplicationPolicies = known("1.3.6.1.4.1.311.21.10");
inline constexpr Oid kSmimeCapabilities = known("1.2.840.113549.1.9.15");
inline constexpr Oid kMsUserPrincipalName = known("1.3.6.1.4.1.311.20.2.3");

// CMS (RFC 5652) and SCEP (RFC 8894 3.2.1).
inline constexpr Oid kData = known("1.2.840.113549.1.7.1");
inline constexpr Oid kSignedData = known("1.2.840.113549.1.7.2");
inline constexpr Oid kEnvelopedData = known("1.2.840.113549.1.7.3");
inline constexpr Oid kContentType = known("1.2.840.113549.1.9.3");
inline constexpr Oid kMessageDigest = known("1.2.840.113549.1.9.4");
inline constexpr Oid kSigningTime = known("1.2.840.113549.1.9.5");
inline constexpr Oid kScepMessageType = known("2.16.840.1.113733.1.9.2");
inline constexpr Oid kScepPkiStatus = known("2.16.840.1.113733.1.9.3");
inline constexpr Oid kScepFailInfo = known("2.16.840.1.113733.1.9.4");
inline constexpr Oid kScepSenderNonce = known("2.16.840.1.113733.1.9.5");
inline constexpr Oid kScepRecipientNonce = known("2.16.840.1.113733.1.9.6");
inline constexpr Oid kScepTransactionId = known("2.16.840.1.113733.1.9.7");
inline constexpr Oid kScepFailInfoText = known("1.3.6.1.5.5.7.24.1");

}  // namespace certspan::pki::oids
