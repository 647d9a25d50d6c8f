#include "host/app/explanations.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "codes/intune.hpp"
#include "codes/scep.hpp"
#include "host/app/advice.hpp"
#include "host/app/document_table.hpp"
#include "host/app/documents.hpp"
#include "host/base/event.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

constexpr std::string_view kEvent = "event";
constexpr std::string_view kErrorCode = "error code";
constexpr std::string_view kConfigFault = "fault of a configuration";
constexpr std::string_view kOutcome = "outcome";
constexpr std::string_view kIntuneCode = "Intune's code";
constexpr std::string_view kIntuneNumber = "number in the Intune console";
constexpr std::string_view kFailInfo = "SCEP failInfo";
constexpr std::string_view kPkiStatus = "SCEP pkiStatus";
constexpr std::string_view kExitCode = "exit code";

/// An explanation and the words that it is found by, in lower case.
struct Entry {
  Explanation explanation;
  std::vector<std::string> keys;
};

std::string lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

/// As a sentence: a capital first, a full stop last.
std::string sentence(std::string_view text) {
  std::string whole(text);
  if (whole.empty()) return whole;
  whole.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(whole.front())));
  if (!whole.ends_with('.') && !whole.ends_with('?')) whole += '.';
  return whole;
}

/// As it stands in the Intune console.
std::string hresult_text(std::uint32_t number) {
  return fmt::format("0x{:08X}", number);
}

class Gatherer {
 public:
  std::vector<Entry> gather() {
    add_events();
    add_documented(documents().codes);
    add_documented(documents().intune);
    add_intune_codes();
    add_intune_numbers();
    add_scep(codes::kFailInfos, kFailInfo);
    add_scep(codes::kPkiStatuses, kPkiStatus);
    add_exit_codes();
    return std::move(entries_);
  }

 private:
  void add(Explanation explanation, std::vector<std::string> more_keys = {}) {
    Entry entry{std::move(explanation), std::move(more_keys)};
    entry.keys.push_back(entry.explanation.code);
    if (!entry.explanation.name.empty()) entry.keys.push_back(entry.explanation.name);
    std::ranges::transform(entry.keys, entry.keys.begin(), [](const std::string& key) { return lower(key); });
    entries_.push_back(std::move(entry));
  }

  void add_events() {
    std::map<std::string, std::string> meanings;
    for (const DocumentRow& row : rows_of(documents().events)) {
      if (row.cells.size() == 4) meanings.emplace(row.cells[0], row.cells[3]);
    }
    for (const EventKind& kind : event_kinds()) {
      const std::string number = std::to_string(kind.number);
      std::string meaning = meanings[number];
      std::vector<std::string> keys;
      if (!kind.phrase.empty()) {
        meaning = fmt::format("In the log: \"{}\". {}", kind.phrase, meaning);
        keys.emplace_back(kind.phrase);
      }
      add({std::string(kEvent), number, std::string(kind.name), std::move(meaning), {}}, std::move(keys));
    }
  }

  /// Tables of two columns, the first of which is a code, or several.
  void add_documented(std::string_view document) {
    for (const DocumentRow& row : rows_of(document)) {
      if (row.cells.size() != 2) continue;
      for (const std::string& code : quoted_words(row.cells[0])) add_documented_code(code, row);
    }
  }

  void add_documented_code(const std::string& code, const DocumentRow& row) {
    const bool outcome = row.heading == "Outcomes";
    const bool fault = code.starts_with("CS");
    const bool of_two_words = std::ranges::count(code, '.') == 1 &&
                              code.find_first_of("/* <>") == std::string::npos &&
                              std::islower(static_cast<unsigned char>(code.front())) != 0;
    if (!outcome && !fault && !of_two_words) return;
    const std::string_view kind = outcome ? kOutcome : fault ? kConfigFault : kErrorCode;
    std::string advice(outcome || fault ? std::string_view() : known_advice(code));
    add({std::string(kind), code, {}, sentence(row.cells[1]), sentence(advice)});
  }

  void add_intune_codes() {
    add({std::string(kIntuneCode), "Success", {}, "The challenge and the request are good.", {}});
    for (const codes::IntuneScepCode& known : codes::kIntuneScepCodes) {
      add({std::string(kIntuneCode),
           std::string(known.name),
           std::string(known.code),
           sentence(known.advice),
           {}});
    }
  }

  void add_intune_numbers() {
    for (const codes::Hresult& known : codes::kHresults) {
      std::vector<std::string> ours;
      for (const codes::HresultOfCode& each : codes::kHresultsOfCodes) {
        if (each.number == known.number) ours.emplace_back(each.code);
      }
      std::string advice = "look at the request with `certspan why`";
      if (!ours.empty())
        advice += "; its code is " + listing(ours, "or") + ", which `certspan explain` knows";
      add({std::string(kIntuneNumber),
           hresult_text(codes::kFirstHresult + known.number),
           {},
           sentence(known.meaning),
           sentence(advice)});
    }
  }

  template <std::size_t N>
  void add_scep(const codes::ScepNumber (&numbers)[N], std::string_view kind) {
    for (const codes::ScepNumber& each : numbers) {
      add({std::string(kind), std::to_string(each.number), std::string(each.name), std::string(each.meaning),
           sentence(each.advice)});
    }
  }

  void add_exit_codes() {
    for (const DocumentRow& row : rows_of(documents().command_line)) {
      if (row.heading != "Exit codes" || row.cells.size() != 2 || row.cells[0] == "code") continue;
      add({std::string(kExitCode),
           row.cells[0],
           {},
           sentence(row.cells[1]),
           row.cells[0] == "0" ? "" : "The command that ended with it says more on standard error."});
    }
  }

  std::vector<Entry> entries_;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> kEntries = Gatherer().gather();
  return kEntries;
}

template <typename Number>
std::optional<Number> number_in(std::string_view digits, int base) {
  Number number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, base);
  if (error != std::errc() || stop != end || digits.empty()) return std::nullopt;
  return number;
}

/// The number of 32 bits that `word` is, in lower case: "0xa0c50020", "a0c50020", "2697265184",
/// "-1597702112".
std::optional<std::uint32_t> hresult_in(std::string_view word) {
  if (word.starts_with("0x")) return number_in<std::uint32_t>(word.substr(2), 16);
  if (const auto decimal = number_in<std::int64_t>(word, 10)) {
    const bool fits = *decimal >= std::numeric_limits<std::int32_t>::min() &&
                      *decimal <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
    return fits ? std::optional(static_cast<std::uint32_t>(*decimal)) : std::nullopt;
  }
  return word.size() == 8 ? number_in<std::uint32_t>(word, 16) : std::nullopt;
}

/// What `asked` is looked for as.
std::vector<std::string> keys_of(std::string_view asked) {
  std::vector<std::string> keys = {lower(asked)};
  if (const auto number = hresult_in(keys.front())) keys.push_back(lower(hresult_text(*number)));
  const auto decimal = number_in<std::uint32_t>(asked, 10);
  if (decimal) keys.push_back(std::to_string(*decimal));  // "004006"
  return keys;
}

bool is_called(const Entry& entry, const std::vector<std::string>& keys) {
  return std::ranges::any_of(
      keys, [&](const std::string& key) { return std::ranges::find(entry.keys, key) != entry.keys.end(); });
}

void add_once(std::vector<std::string>& words, std::string word) {
  if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
}

/// The code of `kind` that is written most like `word`, by its code or its name.
std::string closest_of(std::string_view kind, const std::string& word, std::string_view family = {}) {
  std::vector<std::string> low;
  std::vector<std::string> shown;
  for (const Entry& entry : entries()) {
    if (entry.explanation.kind != kind || !entry.explanation.code.starts_with(family)) continue;
    for (const std::string* name : {&entry.explanation.code, &entry.explanation.name}) {
      if (name->empty()) continue;
      low.push_back(lower(*name));
      shown.push_back(*name);
    }
  }
  const auto found = std::ranges::find(low, closest(word, low));
  return found == low.end() ? std::string() : shown[static_cast<std::size_t>(found - low.begin())];
}

/// Before the dot, with it.
std::string family_of(std::string_view code) {
  return std::string(code.substr(0, code.find('.') + 1));
}

/// Error codes are too many to compare all: first the family, then those in it.
void add_error_codes(const std::string& word, std::vector<std::string>& near) {
  std::vector<std::string> families;
  for (const Entry& entry : entries()) {
    const std::string& code = entry.explanation.code;
    if (entry.explanation.kind != kErrorCode) continue;
    add_once(families, family_of(code));
    if (code.substr(code.find('.') + 1) == word.substr(word.find('.') + 1)) add_once(near, code);
  }
  const std::string family = closest(family_of(word), families);
  if (!family.empty()) add_once(near, closest_of(kErrorCode, word, family));
}

/// The events, or numbers of the Intune console, below and above.
void add_neighbours(std::uint32_t number, std::vector<std::string>& near) {
  const bool ours = (number & 0xFFFF'0000U) == codes::kFirstHresult;
  std::string below;
  for (const Entry& entry : entries()) {
    if (entry.explanation.kind != (ours ? kIntuneNumber : kEvent)) continue;
    const auto each = hresult_in(lower(entry.explanation.code));
    if (each && *each > number) {
      add_once(near, below);
      add_once(near, entry.explanation.code);
      return;
    }
    below = entry.explanation.code;
  }
  if (ours) add_once(near, below);
}

}  // namespace

const std::vector<Explanation>& all_explanations() {
  static const std::vector<Explanation> kAll = [] {
    std::vector<Explanation> all;
    for (const Entry& entry : entries()) all.push_back(entry.explanation);
    return all;
  }();
  return kAll;
}

std::vector<Explanation> explain(std::string_view asked) {
  std::vector<Explanation> found;
  const std::vector<std::string> keys = keys_of(asked);
  for (const Entry& entry : entries()) {
    if (is_called(entry, keys)) found.push_back(entry.explanation);
  }
  return found;
}

std::vector<std::string> nearest_codes(std::string_view asked) {
  const std::string word = lower(asked);
  std::vector<std::string> near;
  if (const auto number = hresult_in(word)) {
    add_neighbours(*number, near);
    return near;
  }
  add_error_codes(word, near);
  for (const std::string_view kind : {kEvent, kIntuneCode, kFailInfo, kPkiStatus, kOutcome, kConfigFault}) {
    add_once(near, closest_of(kind, word));
  }
  return near;
}

}  // namespace certspan
