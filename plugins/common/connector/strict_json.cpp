#include "plugins/common/connector/strict_json.hpp"

#include <set>
#include <string>
#include <vector>

namespace certspan::connector {
namespace {

constexpr int kDeepest = 16;

}  // namespace

std::optional<nlohmann::json> parse_strict_json(std::string_view text) {
  using Json = nlohmann::json;
  bool sound = true;
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kDeepest) sound = false;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      sound = false;
    return true;
  };
  Json root = Json::parse(text, watch, false);
  if (!sound || root.is_discarded()) return std::nullopt;
  return root;
}

const std::string* string_member(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace certspan::connector
