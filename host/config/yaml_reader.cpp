#include "host/config/yaml_reader.hpp"

#include <algorithm>
#include <exception>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "host/config/plain_text.hpp"

namespace certspan {
namespace {

/// Ends the reading of a document whose faults are already reported.
struct StopReading {};

/// Turns yaml-cpp's marks (from 0, columns in bytes) into ours. Marks come in rising order for the most part,
/// so that each goes on counting characters where the one before it stopped: a line of a mebibyte costs one
/// pass.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  Mark at(const YAML::Mark& mark) {
    if (mark.line < 0) return {};
    const auto line = static_cast<std::size_t>(mark.line);
    if (line >= starts_.size()) return {static_cast<std::uint32_t>(starts_.size()), 1};
    const std::size_t target = std::min(starts_[line] + static_cast<std::size_t>(mark.column), text_.size());
    if (line != line_ || target < offset_) {
      line_ = line;
      offset_ = starts_[line];
      characters_ = 0;
    }
    for (; offset_ < target; ++offset_) {
      if ((static_cast<unsigned char>(text_[offset_]) & 0xc0) != 0x80) ++characters_;
    }
    return {static_cast<std::uint32_t>(line + 1), characters_ + 1};
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  std::size_t line_ = 0;
  std::size_t offset_ = 0;
  std::uint32_t characters_ = 0;
};

/// A stream over memory that is not ours, without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): setg wants it so; a get area is never written
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

/// Builds our tree from the parser's events, and checks the limits while it grows.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Places& places, Faults& faults) : places_(places), faults_(faults) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    faults_.error(FaultCode::Forbidden, places_.at(mark), "a second document begins here",
                  "keep everything in one document, without `---` or `...` between");
    throw StopReading();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode::Data data;
    // The parser's place of a value that is not there is that of the next token, often lines below.
    const bool is_value = !stack_.empty() && stack_.back().has_key;
    data.mark = is_value ? stack_.back().key_mark : places_.at(mark);
    add_scalar(std::move(data), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Mark place = places_.at(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      faults_.error(FaultCode::Forbidden, place, "this alias stands inside its own anchor");
      throw StopReading();
    }
    check_depth(stack_.size() + found->second.height(), place);
    grow(found->second.weight(), place);
    add(found->second, place, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode::Data data;
    data.mark = places_.at(mark);
    data.quoted = tag == "!";
    data.kind = data.quoted ? YamlNode::Kind::String : kind_of_plain(value);
    data.text = value;
    if (first_bad_byte(value)) {
      faults_.error(FaultCode::Forbidden, data.mark, "an escape here stands for a control character");
      data.failed = true;
    }
    refuse_tag(tag, data.mark);
    add_scalar(std::move(data), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::Sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::Mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A sequence or mapping that is not finished yet.
  struct Open {
    YamlNode::Data data;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    bool drop_value = false;
    std::string key;
    Mark key_mark;
    std::unordered_map<std::string, std::uint32_t> lines;  // of the keys so far
  };

  void refuse_tag(const std::string& tag, Mark mark) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    faults_.error(FaultCode::Forbidden, mark, "tags are not allowed", "remove the tag; put text in quotes");
  }

  void check_depth(std::size_t depth, Mark mark) {
    if (depth <= kDeepestYaml) return;
    faults_.error(FaultCode::TooLarge, mark, fmt::format("nested deeper than {} levels", kDeepestYaml));
    throw StopReading();
  }

  void grow(std::size_t weight, Mark mark) {
    total_ += weight;
    if (total_ <= kLargestYaml) return;
    faults_.error(
        FaultCode::TooLarge, mark,
        fmt::format("the file is larger than {} bytes when its aliases are expanded", kLargestYaml));
    throw StopReading();
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Open& top = stack_.emplace_back();
    top.data.kind = kind;
    top.data.mark = places_.at(mark);
    top.data.weight = kYamlNodeWeight;
    top.anchor = anchor;
    refuse_tag(tag, top.data.mark);
    grow(top.data.weight, top.data.mark);
    check_depth(stack_.size(), top.data.mark);
  }

  void close() {
    Open top = std::move(stack_.back());
    stack_.pop_back();
    const Mark mark = top.data.mark;
    add(YamlNode(std::move(top.data)), mark, top.anchor);
  }

  void add_scalar(YamlNode::Data data, YAML::anchor_t anchor) {
    data.weight = kYamlNodeWeight + data.text.size();
    const Mark mark = data.mark;
    grow(data.weight, mark);
    add(YamlNode(std::move(data)), mark, anchor);
  }

  /// Puts a finished node where it belongs: the root, the next item, a key or a key's value.
  void add(YamlNode node, Mark mark, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = stack_.back();
    if (top.data.kind == YamlNode::Kind::Mapping && !top.has_key) {
      take_key(top, node, mark);
      return;
    }
    top.data.weight += node.weight();
    top.data.height = std::max(top.data.height, node.height() + (node.is_scalar() ? 0 : 1));
    if (top.data.kind == YamlNode::Kind::Sequence) {
      top.data.items.push_back(std::move(node));
      return;
    }
    top.has_key = false;
    if (!top.drop_value) top.data.entries.push_back({std::move(top.key), top.key_mark, std::move(node)});
  }

  void take_key(Open& top, const YamlNode& node, Mark mark) {
    top.has_key = true;
    top.drop_value = true;
    top.key_mark = mark;
    top.data.weight += node.weight();
    if (!node.is_scalar() || node.kind() == YamlNode::Kind::Null) {
      faults_.error(FaultCode::Forbidden, mark, "a key must be text", "put the key in quotes");
      return;
    }
    if (node.text() == "<<" && !node.quoted()) {
      faults_.error(FaultCode::Forbidden, mark, "merge keys are not allowed", "write the keys out");
      return;
    }
    if (node.text().size() > kLongestYamlKey) {
      faults_.error(FaultCode::TooLarge, mark, fmt::format("a key is longer than {} bytes", kLongestYamlKey));
      return;
    }
    const auto [known, fresh] = top.lines.emplace(node.text(), mark.line);
    if (!fresh) {
      faults_.error(FaultCode::DuplicateKey, mark,
                    fmt::format("key \"{}\" is already set on line {}", node.text(), known->second));
      return;
    }
    top.drop_value = false;
    top.key = node.text();
  }

  Places& places_;
  Faults& faults_;
  YamlNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t total_ = 0;
  std::size_t documents_ = 0;
};

/// What a parser says about a tab in the indentation leads nobody to the tab.
bool report_tab(std::string_view text, Mark mark, Faults& faults) {
  std::string_view line = text;
  for (std::uint32_t i = 1; i < mark.line; ++i)
    line.remove_prefix(std::min(line.find('\n') + 1, line.size()));
  const std::size_t tab = line.find_first_not_of(' ');
  if (mark.line == 0 || tab == std::string_view::npos || line[tab] != '\t') return false;
  faults.error(FaultCode::Syntax, {mark.line, static_cast<std::uint32_t>(tab + 1)},
               "a tab in the indentation", "indent with spaces");
  return true;
}

std::string advice(std::string_view message) {
  if (message.find("illegal map value") != std::string_view::npos) {
    return "put text that holds \": \" in quotes, and check the indentation";
  }
  if (message.find("end of map") != std::string_view::npos ||
      message.find("end of seq") != std::string_view::npos)
    return "check the indentation and the brackets above";
  return {};
}

bool check_bytes(std::string_view text, Faults& faults) {
  if (text.size() > kLargestYaml) {
    faults.error(FaultCode::TooLarge, {}, fmt::format("the file is larger than {} bytes", kLargestYaml));
    return false;
  }
  const auto bad = first_bad_byte(text);
  if (!bad) return true;
  const std::string_view before = text.substr(0, *bad);
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                                    [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  faults.error(FaultCode::Syntax, {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column + 1)},
               "this byte is a control character or not UTF-8", "save the file as UTF-8 text");
  return false;
}

}  // namespace

std::optional<YamlNode> read_yaml(std::string_view text, Faults& faults) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  faults.set_source(text);
  if (!check_bytes(text, faults)) return std::nullopt;
  Places places(text);
  TreeBuilder builder(places, faults);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      faults.error(FaultCode::Syntax, {}, "the file is empty", "begin with `version: 1`");
      return std::nullopt;
    }
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const StopReading&) {
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    const Mark mark = places.at(e.mark);
    if (!report_tab(text, mark, faults)) {
      faults.error(FaultCode::Syntax, mark, fmt::format("not YAML: {}", e.msg), advice(e.msg));
    }
    return std::nullopt;
  } catch (const std::exception& e) {
    faults.error(FaultCode::Syntax, {}, fmt::format("not YAML: {}", e.what()));
    return std::nullopt;
  }
}

}  // namespace certspan
