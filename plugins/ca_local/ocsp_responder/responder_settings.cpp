#include "plugins/ca_local/ocsp_responder/responder_settings.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"

namespace certspan::ca_local {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

struct Span {
  milliseconds least;
  milliseconds most;
  const char* words;
};
constexpr Span kValidity = {hours(24), hours(24 * 397), "must be between 1d and 397d"};
constexpr Span kLasts = {minutes(1), hours(24 * 7), "must be between 1m and 7d"};

std::string text_of(const json& document, const char* name, const char* otherwise) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

void read_span(const json& document, const char* name, const Span& span, std::chrono::seconds& into,
               sdk::Faults& faults) {
  const auto found = document.find(name);
  if (found == document.end()) return;
  const std::string pointer = std::string("/") + name;
  const auto duration = connector::read_duration(*found);
  if (!duration) return faults.add(pointer, std::string("\"") + name + "\" " + duration.error().message);
  if (*duration < span.least || *duration > span.most) {
    return faults.add(pointer, std::string("\"") + name + "\" " + span.words);
  }
  into = std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

}  // namespace

ResponderSettings read_responder_settings(std::string_view text, sdk::Faults& faults) {
  ResponderSettings settings;
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    faults.add("", "the settings must be a mapping");
    return settings;
  }
  settings.listener = text_of(document, "listener", "");
  if (settings.listener.empty()) faults.add("/listener", "\"listener\" must be given, as text");
  settings.path = text_of(document, "path", "");
  if (!settings.path.starts_with('/')) faults.add("/path", "must be given, and begin with /");
  const auto issuers = document.find("issuers");
  if (issuers == document.end() || !issuers->is_array() || issuers->empty()) {
    faults.add("/issuers", "\"issuers\" must be given, as a list of connectors");
  } else {
    for (const json& name : *issuers) settings.issuers.push_back(name.is_string() ? name : json(""));
  }
  const auto key = pki::parse_key_spec(text_of(document, "key", "p256"));
  if (key) {
    settings.key = *key;
  } else {
    faults.add("/key", key.error().message);
  }
  read_span(document, "validity", kValidity, settings.validity, faults);
  read_span(document, "lasts", kLasts, settings.lasts, faults);
  return settings;
}

}  // namespace certspan::ca_local
