// What token endpoint, Graph and Intune answer, read once and strictly.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::intune {

struct TokenAnswer {
  pki::SecretBytes authorization;  // "Bearer ...", the value of the header field
  std::chrono::seconds lasts{0};   // 1 s to a day
};

/// nullopt: not one JSON object with a bearer token of printable characters and its seconds.
std::optional<TokenAnswer> read_token_answer(std::string_view text);

/// The roles that an Authorization field with a token in the form of a JWT (RFC 7519) claims. The signature
/// is not looked at: it is the service's to decide, this is for people. nullopt: it is no JWT that can be
/// read.
std::optional<std::vector<std::string>> read_token_roles(std::string_view authorization);

/// The numbers behind "AADSTS" that a token endpoint refused with, the first one; 0 if it named none.
std::uint32_t read_token_refusal(std::string_view text);

/// Name, in lower case, and address of each service that a page lists, in their order.
struct DiscoveryPage {
  std::vector<std::pair<std::string, std::string>> services;
  std::string next_link;  // "" on the last page
};

/// nullopt: not one JSON object with a list `value` of objects. Entries without a name or an address are left
/// out.
std::optional<DiscoveryPage> read_discovery_page(std::string_view text);

/// What a service said of an error in the body of an answer that is not 2xx, in one line of at most 200
/// octets without control characters; "" if nothing can be read. Graph writes {"error": {"code", "message"}},
/// Intune JSON in JSON: {"error": {"code", "message": "{\"Message\": ...}"}}.
std::string read_service_error(std::string_view text);

/// Text of others in one line of at most `most` octets: what can't be seen becomes "?".
std::string one_line(std::string_view text, std::size_t most);

std::string lower_case(std::string_view ascii);

}  // namespace certspan::intune
