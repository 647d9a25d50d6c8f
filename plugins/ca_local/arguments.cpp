#include "plugins/ca_local/arguments.hpp"

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pkcs11/action_key.hpp"
#include "plugins/common/pki/name.hpp"

namespace certspan::ca_local {

std::string Arguments::text(const char* name) const {
  const auto found = document_.find(name);
  if (found != document_.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) {
    return found->get<std::string>();
  }
  fault(found == document_.end() ? "" : name, "\"" + std::string(name) + "\" must be given, as text");
  return {};
}

bool Arguments::flag(const char* name) const {
  const auto found = document_.find(name);
  return found != document_.end() && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> Arguments::texts(const char* name) const {
  std::vector<std::string> values;
  const auto found = document_.find(name);
  if (found == document_.end() || !found->is_array() || found->empty()) {
    fault(found == document_.end() ? "" : name,
          "\"" + std::string(name) + "\" must be a list with at least one text");
    return values;
  }
  for (const nlohmann::json& value : *found) {
    if (value.is_string()) {
      values.push_back(value.get<std::string>());
    } else {
      fault(name, "must hold texts only");
    }
  }
  return values;
}

std::int64_t Arguments::duration(const char* name, std::chrono::hours fallback) const {
  const auto found = document_.find(name);
  if (found == document_.end()) return std::chrono::seconds(fallback).count();
  const auto duration = take(name, connector::read_duration(*found));
  if (!duration) return 0;
  if (*duration < std::chrono::minutes(1)) fault(name, "must be a minute or more");
  return std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
}

std::optional<pki::KeySpec> Arguments::key_spec(const char* name) const {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  return take(name, pki::parse_key_spec(value));
}

std::optional<pki::PrivateKey> Arguments::token_key(std::optional<pki::KeySpec> make) const {
  auto key = pkcs11::key_of_action(document_, make, pkcs11::KeyUse::Sign);
  return key ? take("pkcs11", std::move(*key)) : std::nullopt;
}

pki::Bytes Arguments::subject(const char* name) const {
  const std::string value = text(name);
  if (value.empty()) return {};
  return take(name, pki::encode_name(value)).value_or(pki::Bytes());
}

}  // namespace certspan::ca_local
