// The admin page of NDES, as programs read it that enrol devices through an NDES.
//
// They fetch it with Basic authentication and look for sentences in it, which are therefore spelt as theirs.
// They take no other status than 200 for an answer, not even where the page says no. It is UTF-16LE with a
// byte order mark: clients without a guess of their own take UTF-16 without a mark for big-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

inline constexpr std::string_view kPageType = "text/html; charset=utf-16";
inline constexpr std::string_view kCacheFullSentence = "The password cache is full.";
inline constexpr std::string_view kNotPermittedSentence =
    "You do not have sufficient permission to enroll with SCEP.";

struct NdesPage {
  std::string_view challenge;
  std::vector<std::string> thumbprints;  // of the CAs, as `page_thumbprint` writes them
  std::int64_t lifetime_ms = 0;
};

// Wiped by the caller, for it holds the challenge.
pki::Bytes page_with_challenge(const NdesPage& page);
pki::Bytes page_with_sentence(std::string_view sentence);

// SHA-1 of a certificate in groups of eight upper-case hexadecimal digits.
std::string page_thumbprint(pki::BytesView certificate);

}  // namespace certspan::scep
