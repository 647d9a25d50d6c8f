// Settings and action arguments as they arrive: JSON text that already fits the published schema.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace certspan::scep {

// Reads values by JSON pointer; what is absent is the default. Throws nothing but std::bad_alloc: text that
// is no JSON object is read as an empty one, for the host has checked it against the schema before.
class JsonSettings {
 public:
  explicit JsonSettings(std::string_view text);

  bool has(const char* pointer) const;
  std::string text(const char* pointer, std::string_view otherwise = {}) const;
  std::vector<std::string> texts(const char* pointer) const;
  nlohmann::json object(const char* pointer) const;  // {} if it is absent
  bool flag(const char* pointer) const;              // false if it is absent
  std::int64_t number(const char* pointer, std::int64_t otherwise) const;

 private:
  const nlohmann::json* find(const char* pointer) const;

  nlohmann::json root_;
};

}  // namespace certspan::scep
