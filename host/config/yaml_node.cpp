#include "host/config/yaml_node.hpp"

#include <algorithm>

namespace certspan {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The number of digits that `text` begins with.
std::size_t digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

}  // namespace

YamlNode::YamlNode() {
  static const auto kNull = std::make_shared<const Data>();
  data_ = kNull;
}

YamlNode::YamlNode(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}

const std::vector<YamlEntry>& YamlNode::entries() const {
  return data_->entries;
}

const YamlEntry* YamlNode::find(std::string_view key) const {
  const auto found = std::find_if(entries().begin(), entries().end(),
                                  [&](const YamlEntry& entry) { return entry.key == key; });
  return found == entries().end() ? nullptr : &*found;
}

std::string_view describe(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Boolean:
      return "true or false";
    case YamlNode::Kind::Integer:
      return "a whole number";
    case YamlNode::Kind::Number:
      return "a number";
    case YamlNode::Kind::String:
      return "text";
    case YamlNode::Kind::Secret:
      return "a secret reference";
    case YamlNode::Kind::Sequence:
      return "a list";
    case YamlNode::Kind::Mapping:
      return "a mapping";
  }
  return "";
}

YamlNode::Kind kind_of_plain(std::string_view text) {
  using Kind = YamlNode::Kind;
  if (text == "true" || text == "false") return Kind::Boolean;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Kind::Null;
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  const std::size_t whole = digits(text);
  if (whole > 1 && text[0] == '0') return Kind::String;
  if (whole > 0 && whole == text.size()) return Kind::Integer;
  text.remove_prefix(whole);
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    fraction = digits(text.substr(1));
    text.remove_prefix(1 + fraction);
  }
  if (whole + fraction == 0) return Kind::String;
  if (text.empty()) return Kind::Number;
  if (text[0] != 'e' && text[0] != 'E') return Kind::String;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && digits(text) == text.size() ? Kind::Number : Kind::String;
}

}  // namespace certspan
