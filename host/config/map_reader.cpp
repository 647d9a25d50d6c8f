#include "host/config/map_reader.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "host/config/known_keys.hpp"
#include "host/config/suggest.hpp"
#include "host/config/units.hpp"

namespace certspan {
namespace {

using Kind = YamlNode::Kind;

std::string place_in_words(std::string_view parent) {
  if (parent.empty()) return "at the top level";
  std::string path(parent);
  for (std::size_t star = path.find('*'); star != std::string::npos; star = path.find('*')) {
    path.replace(star, 1, "NAME");
  }
  return fmt::format("under \"{}\"", path);
}

}  // namespace

std::string hint_for_type(const YamlNode& node, std::string_view wanted) {
  if (node.kind() == Kind::Secret)
    return "secret references are for fields that the plugin marks as secret; use ${env:NAME} for the rest";
  if (wanted == "text" && node.is_scalar()) return "put it in quotes";
  if (wanted == "true or false") {
    const std::string& text = node.text();
    if (text == "yes" || text == "on" || text == "True" || text == "TRUE" || text == "y") return "write true";
    if (text == "no" || text == "off" || text == "False" || text == "FALSE" || text == "n")
      return "write false";
  }
  return {};
}

void wrong_type(const YamlNode& node, std::string_view what, std::string_view wanted, Faults& faults) {
  if (node.failed()) return;
  const FaultCode code = node.kind() == Kind::Secret ? FaultCode::SecretPlace : FaultCode::WrongType;
  faults.error(code, node.mark(), fmt::format("{} must be {}, not {}", what, wanted, describe(node.kind())),
               hint_for_type(node, wanted));
}

std::optional<std::string> read_text(const YamlNode& node, std::string_view what, Faults& faults) {
  if (node.kind() != Kind::String) {
    wrong_type(node, what, "text", faults);
    return std::nullopt;
  }
  if (node.failed()) return std::nullopt;
  if (node.text().empty()) {
    faults.error(FaultCode::BadValue, node.mark(), fmt::format("{} must not be empty", what));
    return std::nullopt;
  }
  return node.text();
}

bool is_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 64 && plain(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return plain(c) || c == '_' || c == '-' || c == '.'; });
}

namespace {

void bad_name(std::string_view what, Mark mark, Faults& faults) {
  faults.error(
      FaultCode::BadValue, mark, fmt::format("{} is no name", what),
      "a name has up to 64 letters, digits, \"_\", \"-\" and \".\", and begins with a letter or digit");
}

}  // namespace

std::optional<std::string> read_name(const YamlNode& node, std::string_view what, Faults& faults) {
  // A name may look like a number: `source: 2024`.
  const bool scalar = node.kind() == Kind::String || node.kind() == Kind::Integer;
  if (!scalar) {
    wrong_type(node, what, "a name", faults);
    return std::nullopt;
  }
  if (node.failed()) return std::nullopt;
  if (!is_name(node.text())) {
    bad_name(what, node.mark(), faults);
    return std::nullopt;
  }
  return node.text();
}

bool check_name(const YamlEntry& entry, std::string_view what, Faults& faults) {
  if (is_name(entry.key)) return true;
  bad_name(fmt::format("{} \"{}\"", what, entry.key), entry.key_mark, faults);
  return false;
}

std::vector<Named> read_texts(const YamlNode& node, std::string_view what, Faults& faults) {
  std::vector<Named> texts;
  if (node.kind() != Kind::Sequence) {
    if (auto text = read_text(node, what, faults)) texts.push_back({std::move(*text), node.mark()});
    return texts;
  }
  if (node.items().empty()) {
    faults.error(FaultCode::BadValue, node.mark(), fmt::format("{} must not be empty", what));
  }
  for (const YamlNode& item : node.items()) {
    if (auto text = read_text(item, fmt::format("each of {}", what), faults)) {
      texts.push_back({std::move(*text), item.mark()});
    }
  }
  return texts;
}

MapReader::MapReader(const YamlNode& node, std::string what, std::string_view path, Faults& faults)
    : node_(node),
      what_(std::move(what)),
      path_(path),
      faults_(faults),
      mapping_(node.kind() == Kind::Mapping) {
  if (!mapping_) wrong_type(node, what_, "a mapping", faults);
}

void MapReader::know(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

const YamlEntry* MapReader::take(std::string_view key) {
  know(key);
  const YamlEntry* entry = node_.find(key);
  if (entry == nullptr || entry->value.failed()) return nullptr;
  if (entry->value.kind() != Kind::Null) return entry;
  faults_.error(FaultCode::WrongType, entry->key_mark, fmt::format("\"{}\" of {} has no value", key, what_),
                "give it one, or remove the line");
  return nullptr;
}

const YamlEntry* MapReader::need(std::string_view key) {
  if (mapping_ && node_.find(key) == nullptr) missing_.emplace_back(key);
  return take(key);
}

void MapReader::later(std::string_view key, std::string_view instead) {
  later_.emplace_back(key);
  if (const YamlEntry* entry = node_.find(key)) {
    faults_.error(FaultCode::NotYet, entry->key_mark,
                  fmt::format("\"{}\" of {} comes with a later release of certspan", key, what_),
                  std::string(instead));
  }
}

void MapReader::text(std::string_view key, std::string& into) {
  const YamlEntry* entry = take(key);
  if (entry == nullptr) return;
  if (auto text = read_text(entry->value, fmt::format("\"{}\" of {}", key, what_), faults_))
    into = std::move(*text);
}

void MapReader::path(std::string_view key, const std::filesystem::path& base, std::filesystem::path& into) {
  std::string text;
  this->text(key, text);
  if (!text.empty()) into = (base / text).lexically_normal();
}

void MapReader::boolean(std::string_view key, bool& into) {
  const YamlEntry* entry = take(key);
  if (entry == nullptr) return;
  const YamlNode& value = entry->value;
  const bool right = value.kind() == Kind::Boolean || (value.expanded() && value.kind() == Kind::String &&
                                                       kind_of_plain(value.text()) == Kind::Boolean);
  if (right) {
    into = value.text() == "true";
  } else {
    wrong_type(value, fmt::format("\"{}\" of {}", key, what_), "true or false", faults_);
  }
}

void MapReader::duration(std::string_view key, Bounds<std::chrono::milliseconds> bounds,
                         std::chrono::milliseconds& into) {
  const YamlEntry* entry = take(key);
  if (entry == nullptr) return;
  const YamlNode& value = entry->value;
  if (!value.is_scalar() || value.kind() == Kind::Secret) {
    wrong_type(value, fmt::format("\"{}\" of {}", key, what_), "a duration", faults_);
    return;
  }
  const auto parsed = parse_duration(value.text());
  if (!parsed) {
    faults_.error(FaultCode::Unit, value.mark(),
                  fmt::format("\"{}\" of {}: {}", key, what_, parsed.error().message),
                  parsed.error().suggestion);
  } else if (*parsed < bounds.least || *parsed > bounds.most) {
    faults_.error(FaultCode::BadValue, value.mark(),
                  fmt::format("\"{}\" of {} must be between {} and {}", key, what_,
                              format_duration(bounds.least), format_duration(bounds.most)));
  } else {
    into = *parsed;
  }
}

void MapReader::name(std::string_view key, Named& into) {
  const YamlEntry* entry = take(key);
  if (entry == nullptr) return;
  into.mark = entry->value.mark();
  if (auto text = read_name(entry->value, fmt::format("\"{}\" of {}", key, what_), faults_))
    into.name = std::move(*text);
}

void MapReader::need_name(std::string_view key, Named& into) {
  if (need(key) != nullptr) name(key, into);
}

void MapReader::choice(std::string_view key, std::span<const std::string_view> words, std::size_t& into) {
  const YamlEntry* entry = take(key);
  if (entry == nullptr) return;
  const auto text = read_text(entry->value, fmt::format("\"{}\" of {}", key, what_), faults_);
  if (!text) return;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) {
    into = static_cast<std::size_t>(found - words.begin());
    return;
  }
  const std::vector<std::string> all(words.begin(), words.end());
  faults_.error(FaultCode::BadValue, entry->value.mark(),
                fmt::format("\"{}\" of {} must be one of {}", key, what_, listing(all, "or")),
                did_you_mean(*text, all));
}

std::optional<std::int64_t> MapReader::whole_number(std::string_view key, Bounds<std::int64_t> bounds) {
  const YamlEntry* entry = take(key);
  if (entry == nullptr) return std::nullopt;
  const YamlNode& value = entry->value;
  const std::string what = fmt::format("\"{}\" of {}", key, what_);
  if (value.kind() != Kind::Integer && !(value.expanded() && kind_of_plain(value.text()) == Kind::Integer)) {
    wrong_type(value, what, "a whole number", faults_);
    return std::nullopt;
  }
  const char* begin = value.text().data() + (value.text().starts_with('+') ? 1 : 0);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(begin, value.text().data() + value.text().size(), number);
  if (error != std::errc() || number < bounds.least || number > bounds.most) {
    faults_.error(FaultCode::BadValue, value.mark(),
                  fmt::format("{} must be between {} and {}", what, bounds.least, bounds.most));
    return std::nullopt;
  }
  return number;
}

std::string MapReader::hint_for_unknown(const std::string& key) const {
  std::string hint = did_you_mean(key, known_);
  if (!hint.empty()) return hint;
  const auto parents = parents_of(key);
  if (!parents.empty()) return fmt::format("\"{}\" belongs {}", key, place_in_words(parents.front()));
  if (!advice_.empty() || known_.empty()) return advice_;
  return fmt::format("known here: {}", listing(known_));
}

void MapReader::finish() {
  const auto in = [](const std::vector<std::string>& list, const std::string& key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  std::vector<std::string> meant;
  for (const YamlEntry& entry : node_.entries()) {
    if (in(known_, entry.key) || in(later_, entry.key)) continue;
    meant.push_back(closest(entry.key, known_));
    faults_.error(FaultCode::UnknownKey, entry.key_mark,
                  fmt::format("unknown key \"{}\" in {}", entry.key, what_), hint_for_unknown(entry.key));
  }
  for (const std::string& key : missing_) {
    if (!in(meant, key)) {
      faults_.error(FaultCode::MissingKey, node_.mark(), fmt::format("{} has no \"{}\"", what_, key));
    }
  }
}

}  // namespace certspan
