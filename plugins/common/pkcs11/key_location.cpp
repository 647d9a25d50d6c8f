#include "plugins/common/pkcs11/key_location.hpp"

#include <algorithm>
#include <string_view>

#include <p11-kit/uri.h>

namespace certspan::pkcs11 {
namespace {

constexpr const char* kExample = "such as pkcs11:token=certspan;object=ca";

KeyResult<std::shared_ptr<P11KitUri>> read_uri(const std::string& text) {
  std::shared_ptr<P11KitUri> uri(p11_kit_uri_new(), p11_kit_uri_free);
  const int result = p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (result != P11_KIT_URI_OK) {
    const char* why = p11_kit_uri_message(result);
    return key_fault("uri", "is no PKCS #11 URI " + std::string(kExample) + ": " +
                                (why == nullptr ? "it can't be read" : why));
  }
  return uri;
}

/// What would stand in the file in clear, or be said twice.
const char* misplaced(P11KitUri* uri, const std::string& text) {
  if (p11_kit_uri_get_pin_value(uri) != nullptr) return "holds the PIN: give it by reference, as \"pin\"";
  if (p11_kit_uri_get_pin_source(uri) != nullptr || text.find("pin-source=") != std::string::npos) {
    return "says where the PIN is: say it as \"pin\"";
  }
  if (p11_kit_uri_get_module_path(uri) != nullptr || p11_kit_uri_get_module_name(uri) != nullptr) {
    return "names the module: say it as \"module\"";
  }
  if (p11_kit_uri_any_unrecognized(uri) != 0) return "has an attribute that RFC 7512 does not know";
  return nullptr;
}

bool names_a_token(const std::string& text) {
  const auto has = [&](std::string_view attribute) { return text.find(attribute) != std::string::npos; };
  return has("token=") || has("serial=") || has("slot-id=");
}

}  // namespace

KeyResult<KeyLocation> KeyLocation::parse(std::string module, const std::string& uri) {
  auto parsed = read_uri(uri);
  if (!parsed) return tl::unexpected(std::move(parsed).error());
  if (const char* what = misplaced(parsed->get(), uri)) return key_fault("uri", what);
  if (!names_a_token(uri)) {
    return key_fault("uri", std::string("names no token: give its label or serial number, ") + kExample);
  }
  KeyLocation location;
  location.module_ = std::move(module);
  location.uri_ = std::move(*parsed);
  CK_ULONG count = 0;
  const CK_ATTRIBUTE* all = p11_kit_uri_get_attributes(location.uri_.get(), &count);
  for (const CK_ATTRIBUTE& attribute : std::span(all, count)) {
    if (attribute.type == CKA_LABEL || attribute.type == CKA_ID) {
      location.object_.push_back(attribute);
    } else if (attribute.type != CKA_CLASS ||
               *static_cast<const CK_OBJECT_CLASS*>(attribute.pValue) != CKO_PRIVATE_KEY) {
      return key_fault("uri", "names something that is no private key: leave \"type\" out");
    }
  }
  if (location.object_.empty()) {
    return key_fault("uri", std::string("names no key: give its label (object=) or id (id=), ") + kExample);
  }
  return location;
}

bool KeyLocation::is_token(CK_TOKEN_INFO& info) const {
  return p11_kit_uri_match_token_info(uri_.get(), &info) == 1;
}

std::string KeyLocation::object_name() const {
  const auto label =
      std::ranges::find_if(object_, [](const CK_ATTRIBUTE& one) { return one.type == CKA_LABEL; });
  const CK_ATTRIBUTE& shown = label == object_.end() ? object_.front() : *label;
  const pki::BytesView value(static_cast<const std::uint8_t*>(shown.pValue), shown.ulValueLen);
  return shown.type == CKA_LABEL ? "\"" + std::string(pki::as_text(value)) + "\""
                                 : "id " + pki::to_hex(value);
}

}  // namespace certspan::pkcs11
