#include "plugins/ndes/challenge/challenge_binding.hpp"

#include <arpa/inet.h>

#include <utility>

#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::scep {
namespace {

// The name as a request is described that asks for it; nullopt for one that no request can spell.
std::optional<std::string> name_in_requests(const std::string& text) {
  using Kind = pki::GeneralNameKind;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return std::nullopt;
  const std::string_view kind = std::string_view(text).substr(0, colon);
  const std::string value = text.substr(colon + 1);
  if (kind == pki::general_name_kind_name(Kind::Ip)) {
    std::string octets(value.find(':') == std::string::npos ? 4 : 16, '\0');
    if (inet_pton(octets.size() == 4 ? AF_INET : AF_INET6, value.c_str(), octets.data()) != 1)
      return std::nullopt;
    return pki::to_string({Kind::Ip, octets, {}});
  }
  for (const Kind known : {Kind::Dns, Kind::Email, Kind::Uri, Kind::Upn}) {
    if (kind != pki::general_name_kind_name(known)) continue;
    const pki::GeneralName name{known, value, {}};
    return pki::check_general_name(name) ? std::optional(pki::to_string(name)) : std::nullopt;
  }
  return std::nullopt;
}

// Names are compared as they are shown, where neither stands as itself; U+FFFD is what became of broken
// UTF-8.
bool can_be_shown(std::string_view text) {
  return !pki::has_hidden_character(text) && text.find("\xEF\xBF\xBD") == std::string_view::npos;
}

// Collects the faults of one wish.
class OrderReader {
 public:
  explicit OrderReader(const BindingFault& fault) : fault_(fault) {}

  void read_text(const char* pointer, const std::optional<std::string>& text, std::string& into) {
    if (!text) return;
    if (text->empty()) wrong(pointer, "is empty; leave it out to bind nothing");
    if (!can_be_shown(*text))
      wrong(pointer, "has a hidden character or broken UTF-8, which no request would fit");
    into = *text;
  }

  void read_names(const std::vector<std::string>& texts, std::vector<std::string>& into) {
    for (const std::string& text : texts) {
      if (auto name = name_in_requests(text)) {
        into.push_back(std::move(*name));
      } else {
        wrong("/san", "\"" + text + "\" is no alternative name; write dns:host, email:user@host, " +
                          "upn:user@suffix, ip:address or uri:scheme:rest");
      }
    }
  }

  void read_device(const std::string& text, std::string& into) {
    if (!can_be_shown(text)) {
      wrong("/device", "has a hidden character or broken UTF-8");
    } else if (pki::count_characters(text) > kLongestDevice) {
      wrong("/device", "is longer than " + std::to_string(kLongestDevice) + " characters");
    }
    into = text;
  }

  bool good() const { return good_; }

 private:
  void wrong(const char* pointer, const std::string& message) {
    fault_(pointer, message);
    good_ = false;
  }

  const BindingFault& fault_;
  bool good_ = true;
};

}  // namespace

bool read_order(const ChallengeWish& wish, ChallengeOrder& order, const BindingFault& fault) {
  OrderReader reader(fault);
  reader.read_text("/endpoint", wish.endpoint, order.binding.endpoint);
  reader.read_text("/profile", wish.profile, order.binding.profile);
  reader.read_text("/subject", wish.subject, order.binding.subject);
  if (wish.san) reader.read_names(*wish.san, order.binding.san.emplace());
  if (wish.device) reader.read_device(*wish.device, order.device);
  return reader.good();
}

}  // namespace certspan::scep
