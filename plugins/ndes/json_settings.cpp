#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {

JsonSettings::JsonSettings(std::string_view text)
    : root_(nlohmann::json::parse(text.begin(), text.end(), nullptr, false)) {
  if (!root_.is_object()) root_ = nlohmann::json::object();
}

const nlohmann::json* JsonSettings::find(const char* pointer) const {
  const nlohmann::json::json_pointer place(pointer);
  return root_.contains(place) ? &root_.at(place) : nullptr;
}

bool JsonSettings::has(const char* pointer) const {
  return find(pointer) != nullptr;
}

std::string JsonSettings::text(const char* pointer, std::string_view otherwise) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string(otherwise);
}

std::vector<std::string> JsonSettings::texts(const char* pointer) const {
  std::vector<std::string> result;
  const auto* value = find(pointer);
  if (value == nullptr || !value->is_array()) return result;
  for (const auto& element : *value) {
    if (element.is_string()) result.push_back(element.get<std::string>());
  }
  return result;
}

nlohmann::json JsonSettings::object(const char* pointer) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_object() ? *value : nlohmann::json::object();
}

bool JsonSettings::flag(const char* pointer) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::int64_t JsonSettings::number(const char* pointer, std::int64_t otherwise) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : otherwise;
}

}  // namespace certspan::scep
