#include "plugins/ndes/minting/ndes_page.hpp"

#include <algorithm>

#include "plugins/common/pki/digest.hpp"

namespace certspan::scep {
namespace {

constexpr std::size_t kGroupDigits = 8;
constexpr std::int64_t kMinuteMs = 60'000;

// All that stands in a page is ASCII.
pki::Bytes to_utf16le(std::string_view text) {
  pki::Bytes octets;
  octets.reserve(2 + 2 * text.size());
  octets.insert(octets.end(), {0xFF, 0xFE});
  for (const char c : text) octets.insert(octets.end(), {static_cast<std::uint8_t>(c), 0});
  return octets;
}

std::string frame(std::string_view content) {
  std::string page = "<HTML><Head><Title>Challenge for SCEP</Title></Head><Body>\r\n";
  return page.append(content).append("\r\n</Body></HTML>\r\n");
}

}  // namespace

pki::Bytes page_with_challenge(const NdesPage& page) {
  const std::int64_t minutes = std::max<std::int64_t>(1, (page.lifetime_ms + kMinuteMs - 1) / kMinuteMs);
  std::string content;
  for (const std::string& thumbprint : page.thumbprints) {
    content += "<P> The thumbprint (hash value) for the CA certificate is: <B> " + thumbprint + " </B>\r\n";
  }
  content.append("<P> The enrollment challenge password is: <B> ").append(page.challenge);
  content += " </B> <P> This password can be used only once and will expire within " +
             std::to_string(minutes) + " minutes.\r\n<P> Load the page again for another one.";
  std::string whole = frame(content);
  pki::Bytes octets = to_utf16le(whole);
  pki::wipe(content.data(), content.size());
  pki::wipe(whole.data(), whole.size());
  return octets;
}

pki::Bytes page_with_sentence(std::string_view sentence) {
  return to_utf16le(frame("<P> " + std::string(sentence)));
}

std::string page_thumbprint(pki::BytesView certificate) {
  std::string text;
  for (const char digit : pki::to_hex(pki::hash(pki::Digest::Sha1, certificate).view())) {
    if (text.size() % (kGroupDigits + 1) == kGroupDigits) text.push_back(' ');
    text.push_back(digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit);
  }
  return text;
}

}  // namespace certspan::scep
