#include "host/journal/work_item.hpp"

#include <algorithm>
#include <array>

namespace certspan {
namespace {

/// Crockford's base32: no I, L, O, U, so that an id can be read out and typed in.
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kPrefix = "w-";
constexpr std::size_t kDigits = 13;

constexpr std::array<std::string_view, 7> kStates = {"ready", "calling", "pending", "held",
                                                     "done",  "failed",  "dead"};

std::optional<std::uint64_t> digit_value(char digit) {
  char upper = digit >= 'a' && digit <= 'z' ? static_cast<char>(digit - 'a' + 'A') : digit;
  if (upper == 'O') upper = '0';
  if (upper == 'I' || upper == 'L') upper = '1';
  const auto at = kAlphabet.find(upper);
  if (at == std::string_view::npos) return std::nullopt;
  return at;
}

}  // namespace

std::string to_string(WorkId id) {
  auto value = static_cast<std::uint64_t>(id);
  std::string text(kPrefix.size() + kDigits, '0');
  text.replace(0, kPrefix.size(), kPrefix);
  for (std::size_t i = text.size(); i-- > kPrefix.size(); value >>= 5) text[i] = kAlphabet[value & 31];
  return text;
}

std::optional<WorkId> work_id_from_string(std::string_view text) {
  if (text.size() != kPrefix.size() + kDigits || !text.starts_with(kPrefix)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : text.substr(kPrefix.size())) {
    const auto bits = digit_value(digit);
    if (!bits || value >> 59 != 0) return std::nullopt;
    value = value << 5 | *bits;
  }
  return WorkId{value};
}

std::string_view to_string(ItemState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

std::string_view WorkItem::label(std::string_view name) const {
  const auto found =
      std::find_if(labels.begin(), labels.end(), [&](const auto& l) { return l.first == name; });
  return found == labels.end() ? std::string_view{} : std::string_view{found->second};
}

void WorkItem::set_label(std::string_view name, std::string_view value) {
  const auto found =
      std::find_if(labels.begin(), labels.end(), [&](const auto& l) { return l.first == name; });
  if (found == labels.end()) {
    labels.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

void WorkItem::add_attempt(Attempt attempt) {
  if (attempts.size() >= kMostAttempts) attempts.erase(attempts.begin());
  attempts.push_back(std::move(attempt));
}

}  // namespace certspan
