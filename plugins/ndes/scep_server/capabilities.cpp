#include "plugins/ndes/scep_server/capabilities.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace certspan::scep {
namespace {

// One line of a list that clients split at line feeds and spaces.
bool is_capability(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::vector<std::string> offered(const ScepSettings& settings) {
  if (!settings.capabilities.empty()) return settings.capabilities;
  std::vector<std::string> words = {"AES",          "POSTPKIOperation", "Renewal",
                                    "SCEPStandard", "SHA-256",          "SHA-512"};
  if (settings.options.danger_allow_3des) words.emplace_back("DES3");
  if (settings.options.danger_allow_sha1) words.emplace_back("SHA-1");
  words.insert(words.end(), settings.extra_capabilities.begin(), settings.extra_capabilities.end());
  return words;
}

void check_words(const std::vector<std::string>& words, const std::string& pointer, sdk::Faults& faults) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_capability(words[i])) continue;
    faults.add(pointer + "/" + std::to_string(i), "must be one word of visible ASCII characters");
  }
}

}  // namespace

std::string_view line_end(const ScepSettings& settings) {
  return settings.capabilities_in_crlf ? "\r\n" : "\n";
}

std::string capabilities(const ScepSettings& settings) {
  std::string text;
  for (const std::string& word : offered(settings)) text.append(word).append(line_end(settings));
  return text;
}

void check_capabilities(const ScepSettings& settings, sdk::Faults& faults) {
  check_words(settings.extra_capabilities, "/extra_capabilities", faults);
  check_words(settings.capabilities, "/capabilities", faults);
  const auto promised = [&](std::string_view word, bool kept, const char* by) {
    const auto found = std::ranges::find(settings.capabilities, word);
    if (kept || found == settings.capabilities.end()) return;
    faults.add("/capabilities/" + std::to_string(found - settings.capabilities.begin()),
               "promises what is refused here: take it out, or say `" + std::string(by) + "`");
  };
  promised("DES3", settings.options.danger_allow_3des, "danger_allow_3des: true");
  promised("SHA-1", settings.options.danger_allow_sha1, "danger_allow_sha1: true");
}

}  // namespace certspan::scep
