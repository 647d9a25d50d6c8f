#include "plugins/intune/service/answers.hpp"

#include <algorithm>

#include "plugins/common/connector/strict_json.hpp"
#include "plugins/common/pki/base64.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::intune {
namespace {

using connector::string_member;
using nlohmann::json;

constexpr std::size_t kLongestToken = 16UL * 1024;
constexpr std::int64_t kLongestLife = 24L * 60 * 60;
constexpr std::size_t kLongestSaying = 200;

bool is_token(const std::string& text) {
  const auto plain = [](char c) { return c > ' ' && c <= '~'; };
  return !text.empty() && text.size() <= kLongestToken && std::ranges::all_of(text, plain);
}

pki::SecretBytes bearer(std::string& token) {
  constexpr std::string_view kKind = "Bearer ";
  pki::SecretBytes value(kKind.size() + token.size());
  std::ranges::copy(kKind, value.writable().begin());
  std::ranges::copy(token, value.writable().begin() + kKind.size());
  pki::wipe(token.data(), token.size());
  return value;
}

std::int64_t whole_number(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return 0;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > kLongestLife) return 0;
  return found->get<std::int64_t>();
}

}  // namespace

std::string lower_case(std::string_view ascii) {
  std::string lower(ascii);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string line;
  while (!text.empty()) {
    const pki::LeadingCharacter next = pki::leading_character(text);
    const std::string_view shown = next.hidden ? std::string_view("?") : next.octets;
    if (line.size() + shown.size() > most) break;
    line += shown;
    text.remove_prefix(next.octets.size());
  }
  return line;
}

std::optional<TokenAnswer> read_token_answer(std::string_view text) {
  auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return std::nullopt;
  const std::string* const kind = string_member(*root, "token_type");
  const auto token = root->find("access_token");
  const std::int64_t seconds = whole_number(*root, "expires_in");
  if (token == root->end() || !token->is_string()) return std::nullopt;
  auto& octets = token->get_ref<std::string&>();
  if (kind == nullptr || lower_case(*kind) != "bearer" || seconds < 1 || !is_token(octets)) {
    pki::wipe(octets.data(), octets.size());
    return std::nullopt;
  }
  return TokenAnswer{bearer(octets), std::chrono::seconds(seconds)};
}

std::optional<std::vector<std::string>> read_token_roles(std::string_view authorization) {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) return std::nullopt;
  const std::size_t first = authorization.find('.');
  const std::size_t second = first == std::string_view::npos ? first : authorization.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::string text(authorization.substr(first + 1, second - first - 1));  // base64url (RFC 7515 2)
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  const auto octets = pki::base64_decode(text);
  if (!octets) return std::nullopt;
  const auto claims = connector::parse_strict_json(pki::as_text(*octets));
  if (!claims || !claims->is_object()) return std::nullopt;
  std::vector<std::string> roles;
  const auto claimed = claims->find("roles");
  if (claimed == claims->end()) return roles;
  if (!claimed->is_array()) return std::nullopt;
  for (const json& role : *claimed) {
    if (!role.is_string()) return std::nullopt;
    roles.push_back(role.get<std::string>());
  }
  return roles;
}

std::uint32_t read_token_refusal(std::string_view text) {
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return 0;
  const auto codes = root->find("error_codes");
  if (codes == root->end() || !codes->is_array() || codes->empty() || !codes->front().is_number_unsigned())
    return 0;
  const auto number = codes->front().get<std::uint64_t>();
  return number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
}

std::optional<DiscoveryPage> read_discovery_page(std::string_view text) {
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return std::nullopt;
  const auto value = root->find("value");
  if (value == root->end() || !value->is_array()) return std::nullopt;
  DiscoveryPage page;
  for (const json& entry : *value) {
    if (!entry.is_object()) return std::nullopt;
    const std::string* const name = string_member(entry, "providerName");
    const std::string* const uri = string_member(entry, "uri");
    if (name != nullptr && uri != nullptr) page.services.emplace_back(lower_case(*name), *uri);
  }
  const auto next = root->find("@odata.nextLink");
  if (next == root->end() || next->is_null()) return page;
  if (!next->is_string() || next->get_ref<const std::string&>().empty()) return std::nullopt;
  page.next_link = next->get<std::string>();
  return page;
}

std::string read_service_error(std::string_view text) {
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return {};
  const auto error = root->find("error");
  if (error == root->end() || !error->is_object()) return {};
  const std::string* const code = string_member(*error, "code");
  const std::string* said = string_member(*error, "message");
  const auto inside = said == nullptr ? std::nullopt : connector::parse_strict_json(*said);
  if (inside && inside->is_object()) said = string_member(*inside, "Message");
  std::string whole = code == nullptr ? "" : *code;
  if (said != nullptr && !said->empty()) whole += (whole.empty() ? "" : ", ") + *said;
  return one_line(whole, kLongestSaying);
}

}  // namespace certspan::intune
