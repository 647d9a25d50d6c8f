#include "plugins/intune/scep_validator/scep_answer.hpp"

#include <algorithm>
#include <iterator>

#include "plugins/common/connector/strict_json.hpp"
#include "plugins/intune/service/answers.hpp"

namespace certspan::intune {
namespace {

using sdk::Outcome;

constexpr std::size_t kLargestAnswer = 64UL * 1024;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestWords = 200;

}  // namespace

std::optional<ScepAnswer> read_scep_answer(std::string_view text) {
  if (text.size() > kLargestAnswer) return std::nullopt;
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return std::nullopt;
  const std::string* const code = connector::string_member(*root, "code");
  if (code == nullptr || code->empty()) return std::nullopt;
  ScepAnswer answer{*code, {}};
  const auto said = root->find("errorDescription");
  if (said == root->end() || said->is_null()) return answer;
  if (!said->is_string()) return std::nullopt;
  answer.said = one_line(said->get_ref<const std::string&>(), kLongestWords);
  return answer;
}

const ScepCode* find_scep_code(std::string_view name) {
  const auto* const found = std::ranges::find(codes::kIntuneScepCodes, name, &ScepCode::name);
  return found == std::end(codes::kIntuneScepCodes) ? nullptr : found;
}

sdk::Answer refusal_of(const ScepAnswer& answer, std::string_view activity) {
  const ScepCode* const known = find_scep_code(answer.code);
  std::string message = "Intune says " + one_line(answer.code, kLongestName) + ": ";
  message += known == nullptr ? "a word that is not known here, which is a no" : known->advice;
  if (!answer.said.empty()) message += " (" + answer.said + ")";
  message.append(" [activity ").append(activity).append("]");
  if (known == nullptr) return sdk::Answer::rejected("intune.refused", message);
  switch (sdk::outcome_from_abi(known->outcome)) {
    case Outcome::Unavailable:
      return sdk::Answer::unavailable(known->code, message);
    case Outcome::Invalid:
      return sdk::Answer::invalid(known->code, message);
    default:
      return sdk::Answer::rejected(known->code, message);
  }
}

}  // namespace certspan::intune
