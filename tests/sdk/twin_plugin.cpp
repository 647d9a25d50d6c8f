// Built as two versions of one plugin. Each counts in a static of an inline function: the kind that the
// dynamic linker shares between libraries unless a plugin is linked as certspan_add_plugin() links it.
#include <memory>
#include <string>

#include <certspan/plugin.hpp>

namespace certspan::sdk {

template <class T>
inline T& counter() {
  static T value = TWIN_FIRST_NUMBER;
  return value;
}

class Twin final : public Validator {
 public:
  static constexpr const char* kName = "twin";
  static constexpr const char* kSummary = "Says a number that rises.";
  static constexpr const char* kSettingsSchema = R"({"type": "object"})";

  /// Reports the number as a fault.
  static bool validate_settings(std::string_view, Faults& faults) {
    // make_shared brings a unique symbol of the C++ library with it.
    faults.add("", std::to_string(*std::make_shared<int>(counter<int>()++)));
    return false;
  }

  Twin(Host, std::string_view, std::string_view) {}
  Answer validate(const Item&) override { return Answer::ok(); }
};

}  // namespace certspan::sdk

CERTSPAN_PLUGIN(certspan::sdk::Twin)
