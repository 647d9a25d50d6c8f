// What validate_config makes of settings that nobody has thought of.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "host/config/json_schema.hpp"
#include "host/loading/abi_limits.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

using Json = nlohmann::json;

constexpr int kNesting = 10'000;
constexpr int kMutations = 60;
constexpr int kThoroughMutations = 3000;

struct Validated {
  certspan_outcome outcome;
  std::vector<sdk::testing::RecordedFault> faults;
};

Validated validate(const certspan_connector_type& type, std::string_view settings) {
  sdk::testing::FaultRecorder recorder;
  enter_phase("validate_config");
  const certspan_outcome outcome = type.validate_config(sdk::to_abi(settings), recorder.sink());
  enter_phase("");
  return {outcome, recorder.faults()};
}

std::string nested(char open, char close) {
  return std::string(kNesting, open) + std::string(kNesting, close);
}

std::vector<std::string> odd_texts(const std::string& good) {
  std::vector<std::string> texts = {"",
                                    " ",
                                    "null",
                                    "[]",
                                    "{}",
                                    "0",
                                    "\"\"",
                                    "{\"\":{}}",
                                    "{\"a\":1,}",
                                    std::string(1, '\0'),
                                    "\xff\xfe",
                                    nested('[', ']'),
                                    "{\"a\":" + nested('[', ']') + "}",
                                    "{\"a\":\"" + std::string(abi_limit::kSettings - 8, 'a') + "\"}",
                                    "[" + std::string(abi_limit::kSettings - 2, ' ') + "]"};
  for (std::size_t cut = 0; cut < good.size(); cut += std::max<std::size_t>(1, good.size() / 16)) {
    texts.push_back(good.substr(0, cut));
  }
  return texts;
}

/// All places of a document that hold a value.
void places_of(const Json& document, const Json::json_pointer& at, std::vector<Json::json_pointer>& places) {
  places.push_back(at);
  if (document.is_object()) {
    for (const auto& [name, value] : document.items()) places_of(value, at / name, places);
  } else if (document.is_array()) {
    for (std::size_t i = 0; i < document.size(); ++i) places_of(document[i], at / i, places);
  }
}

Json odd_value(std::mt19937_64& random) {
  switch (random() % 9) {
    case 0:
      return "";
    case 1:
      return "\xc3\xa9\xe2\x82\xac \"\\\n\t";
    case 2:
      return std::string(1 + random() % 20'000, 'x');
    case 3:
      return static_cast<std::int64_t>(random());
    case 4:
      return 0;
    case 5:
      return -1.5e300;
    case 6:
      return Json::array({nullptr, Json::object()});
    case 7:
      return "https://[::1]:99999/%zz?#\x01";
    default:
      return nullptr;
  }
}

/// The good settings with one value replaced.
Json mutated(const Json& good, std::mt19937_64& random) {
  Json settings = good;
  std::vector<Json::json_pointer> places;
  places_of(settings, Json::json_pointer(), places);
  settings[places[random() % places.size()]] = odd_value(random);
  return settings;
}

int mutations(const Run& run) {
  return run.subject.thorough ? kThoroughMutations : kMutations;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void check_odd_settings(Run& run) {
  Scene scene(run);
  for (const std::string& text : odd_texts(scene.sample.settings)) validate(scene.type, text);
  const Json good = Json::parse(scene.sample.settings);
  for (int i = 0; i < mutations(run); ++i) validate(scene.type, dump(mutated(good, scene.random)));
  require(validate(scene.type, scene.sample.settings).outcome == CERTSPAN_OK,
          "after other settings, validate_config no longer takes the good ones");
}

void check_settings_faults(Run& run) {
  Scene scene(run);
  const Json schema = Json::parse(scene.type.settings_schema);
  const Json good = Json::parse(scene.sample.settings);
  for (int i = 0; i < mutations(run); ++i) {
    const Json settings = mutated(good, scene.random);
    const auto against_schema = validate_json(schema, settings);
    // The host gives a plugin nothing that does not fit its schema.
    if (!against_schema || !against_schema->empty()) continue;
    const std::string text = dump(settings);
    const std::string shown = text.substr(0, 200);
    const Validated said = validate(scene.type, text);
    require(
        said.outcome == CERTSPAN_OK || said.outcome == CERTSPAN_INVALID,
        "validate_config answers " + std::to_string(said.outcome) + ", neither ok nor invalid, to " + shown);
    require((said.outcome == CERTSPAN_OK) == said.faults.empty(),
            said.faults.empty() ? "validate_config says invalid and gives no fault to " + shown
                                : "validate_config gives a fault and says ok to " + shown);
    for (const auto& fault : said.faults) {
      require(!fault.message.empty(), "a fault has no message: " + shown);
      const bool pointer = fault.pointer.empty() || fault.pointer.front() == '/';
      require(pointer, "\"" + fault.pointer + "\" is no JSON pointer into the settings");
    }
  }
}

}  // namespace certspan::check
