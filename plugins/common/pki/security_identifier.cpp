#include "plugins/common/pki/security_identifier.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {
namespace {

constexpr std::string_view kSidUri = "tag:microsoft.com,2022-09-14:sid:";
constexpr std::size_t kMaxSubAuthorities = 15;
constexpr std::size_t kMaxDigits = 15;

// A URI as a reader may understand it: percent-encoding undone and letters in lower case.
std::string normalized_uri(std::string_view uri) {
  const auto digit = [](char c) {
    const auto value = std::string_view("0123456789abcdef").find(c);
    return value == std::string_view::npos ? -1 : static_cast<int>(value);
  };
  std::string lower;
  for (const char c : uri) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  std::string out;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (lower[i] == '%' && i + 2 < lower.size() && digit(lower[i + 1]) >= 0 && digit(lower[i + 2]) >= 0) {
      const int octet = digit(lower[i + 1]) * 16 + digit(lower[i + 2]);
      out.push_back(octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet - 'A' + 'a')
                                                 : static_cast<char>(octet));
      i += 2;
    } else {
      out.push_back(lower[i]);
    }
  }
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= kMaxDigits && (text == "0" || text.front() != '0') &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// S-1, an authority and one to fifteen numbers below it, all in decimal.
bool is_sid(std::string_view text) {
  constexpr std::string_view kRevision = "S-1-";
  if (!text.starts_with(kRevision)) return false;
  text.remove_prefix(kRevision.size());
  std::size_t numbers = 0;
  for (std::size_t dash = 0; dash != std::string_view::npos; ++numbers) {
    dash = text.find('-');
    if (!is_number(text.substr(0, dash))) return false;
    if (dash != std::string_view::npos) text.remove_prefix(dash + 1);
  }
  return numbers >= 2 && numbers <= kMaxSubAuthorities + 1;
}

}  // namespace

bool may_name_a_sid(const GeneralName& name) {
  return name.kind == GeneralNameKind::Uri && normalized_uri(name.value).starts_with("tag:microsoft.com,");
}

std::optional<std::string> sid_of(const GeneralName& name) {
  if (name.kind != GeneralNameKind::Uri || !name.value.starts_with(kSidUri)) return std::nullopt;
  std::string sid = name.value.substr(kSidUri.size());
  if (!is_sid(sid)) return std::nullopt;
  return sid;
}

Result<std::string> named_sid(const CertificateRequest& request) {
  const Extension* extension = find_extension(request.extensions(), oids::kSubjectAltName);
  if (extension == nullptr) return std::string();
  CERTSPAN_PKI_TRY(const auto names, parse_general_names(extension->value));
  std::string found;
  for (const GeneralName& name : names) {
    if (!may_name_a_sid(name)) continue;
    auto sid = sid_of(name);
    if (!sid) return fault(FaultKind::Malformed, "a SAN URI looks like a security identifier and is none");
    if (!found.empty()) return fault(FaultKind::Malformed, "the request names two security identifiers");
    found = *std::move(sid);
  }
  return found;
}

Bytes encode_sid_extension(std::string_view sid) {
  DerWriter octets;
  octets.octet_string(as_bytes(sid));
  const std::array<GeneralName, 1> names = {
      {{GeneralNameKind::OtherName, std::string(as_text(octets.view())), oids::kMsObjectSid}}};
  return encode_general_names(names);
}

}  // namespace certspan::pki
