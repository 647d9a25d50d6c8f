#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"
#include "host/config/suggest.hpp"
#include "host/config/test_words.hpp"

namespace certspan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr milliseconds kLongest = hours(24 * 90);
constexpr milliseconds kLongestPause = hours(24 * 30);
constexpr std::uint32_t kMostTimes = 10'000;

template <typename Words>
std::vector<std::string> list_of(const Words& words) {
  return {words.begin(), words.end()};
}

std::optional<std::size_t> index_of(const Named& word, std::span<const std::string_view> words,
                                    std::string_view what, Faults& faults) {
  const auto found = std::ranges::find(words, word.name);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  faults.error(
      FaultCode::BadValue, word.mark,
      fmt::format("{} is \"{}\", and must be one of {}", what, word.name, listing(list_of(words), "or")),
      did_you_mean(word.name, list_of(words)));
  return std::nullopt;
}

/// The words stand in the order of Outcome; one more means that the host dies.
std::optional<Outcome> outcome_at(std::size_t index) {
  if (index + 1 == kAnswerWords.size()) return std::nullopt;
  return static_cast<Outcome>(index);
}

AnswerConfig read_answer_mapping(const YamlNode& node, const std::string& what, Faults& faults) {
  AnswerConfig answer;
  answer.mark = node.mark();
  MapReader map(node, what, "tests.*.connectors.*", faults);
  if (map.need("outcome") != nullptr) {
    std::size_t index = 0;
    map.choice("outcome", kAnswerWords, index);
    answer.outcome = outcome_at(index);
  }
  if (const YamlEntry* call = map.take("call")) {
    std::size_t index = kCallWords.size();
    map.choice("call", kCallWords, index);
    answer.call.mark = call->value.mark();
    if (index < kCallWords.size()) answer.call.name = kCallWords.at(index);
  }
  map.text("code", answer.code);
  map.duration("retry_after", {milliseconds(1), kLongestPause}, answer.retry_after);
  map.duration("takes", {milliseconds(1), kLongest}, answer.takes);
  map.integer("times", Bounds<std::uint32_t>{1, kMostTimes}, answer.times);
  map.finish();
  return answer;
}

AnswerConfig read_answer(const YamlNode& node, const std::string& what, Faults& faults) {
  if (node.kind() == YamlNode::Kind::Mapping) return read_answer_mapping(node, what, faults);
  AnswerConfig answer;
  answer.mark = node.mark();
  answer.outcome = Outcome::Ok;
  if (node.kind() != YamlNode::Kind::String) {
    wrong_type(node, what, "an outcome, or a mapping with one", faults);
    return answer;
  }
  if (const auto index = index_of({node.text(), node.mark()}, kAnswerWords, what, faults)) {
    answer.outcome = outcome_at(*index);
  }
  return answer;
}

void read_actors(const YamlNode& node, TestConfig& test, Faults& faults) {
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, fmt::format("\"connectors\" of test \"{}\"", test.name.name),
               "a mapping of connectors to answers", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    ActorConfig& actor = test.connectors.emplace_back();
    actor.name = {entry.key, entry.key_mark};
    const std::string what = fmt::format("answer of \"{}\" in test \"{}\"", entry.key, test.name.name);
    if (entry.value.kind() != YamlNode::Kind::Sequence) {
      actor.answers.push_back(read_answer(entry.value, what, faults));
      continue;
    }
    for (std::size_t i = 0; i < entry.value.items().size(); ++i) {
      actor.answers.push_back(read_answer(entry.value.items()[i], fmt::format("{} {}", what, i + 1), faults));
    }
  }
}

void read_labels(const YamlNode& node, TestConfig& test, Faults& faults) {
  const std::string what = fmt::format("\"labels\" of test \"{}\"", test.name.name);
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, what, "a mapping of labels to values", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (!check_name(entry, "label", faults)) continue;
    if (auto text = read_text(entry.value, fmt::format("label \"{}\" in {}", entry.key, what), faults)) {
      test.labels.emplace_back(entry.key, std::move(*text));
    }
  }
}

void read_calls(const YamlNode& node, const std::string& what, ExpectConfig& expect, Faults& faults) {
  if (node.kind() != YamlNode::Kind::Sequence) {
    wrong_type(node, fmt::format("\"calls\" of {}", what), "a list of calls such as `issue corp-ca`", faults);
    return;
  }
  expect.calls.emplace();
  for (const YamlNode& item : node.items()) {
    auto text = read_text(item, fmt::format("each of \"calls\" of {}", what), faults);
    if (!text) continue;
    const std::size_t blank = text->find(' ');
    const std::string verb = text->substr(0, blank);
    if (blank == std::string::npos || !is_name(text->substr(blank + 1))) {
      faults.error(FaultCode::BadValue, item.mark(), fmt::format("\"{}\" is no call", *text),
                   "write what is called and whom: `issue corp-ca`");
    } else if (index_of({verb, item.mark()}, kExpectedCalls, "what is called", faults)) {
      expect.calls->push_back({std::move(*text), item.mark()});
    }
  }
}

void read_expect(const YamlNode& node, TestConfig& test, Faults& faults) {
  ExpectConfig& expect = test.expect;
  expect.mark = node.mark();
  MapReader map(node, fmt::format("\"expect\" of test \"{}\"", test.name.name), "tests.*.expect", faults);
  if (map.need("state") != nullptr) {
    std::size_t index = 0;
    map.choice("state", kStateWords, index);
    expect.state = kStateWords.at(index);
  }
  map.name("issuer", expect.issuer);
  map.name("pipeline", expect.pipeline);
  map.text("code", expect.code);
  if (const YamlEntry* calls = map.take("calls")) read_calls(calls->value, map.what(), expect, faults);
  if (map.take("within") != nullptr) {
    milliseconds within{0};
    map.duration("within", {milliseconds(1), kLongest}, within);
    expect.within = within;
  }
  map.finish();
}

}  // namespace

void read_tests(const YamlNode& node, std::vector<TestConfig>& tests, Faults& faults) {
  static constexpr std::array<std::string_view, 2> kMessages = {"enrolment", "renewal"};
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, "\"tests\"", "a mapping of names to tests", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    check_name(entry, "test", faults);
    TestConfig& test = tests.emplace_back();
    test.name = {entry.key, entry.key_mark};
    MapReader map(entry.value, fmt::format("test \"{}\"", entry.key), "tests.*", faults);
    map.need_name("source", test.source);
    std::size_t message = 0;
    map.choice("message", kMessages, message);
    test.message = kMessages.at(message);
    if (const YamlEntry* labels = map.take("labels")) read_labels(labels->value, test, faults);
    if (const YamlEntry* actors = map.take("connectors")) read_actors(actors->value, test, faults);
    if (const YamlEntry* expect = map.need("expect")) read_expect(expect->value, test, faults);
    map.finish();
  }
}

}  // namespace certspan
