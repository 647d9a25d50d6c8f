#include "host/config/expansion.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "host/config/plain_text.hpp"
#include "host/config/yaml_reader.hpp"

namespace certspan {
namespace {

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_credential_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find('/') == std::string_view::npos;
}

class Expander {
 public:
  Expander(const ExpansionContext& context, Faults& faults) : context_(context), faults_(faults) {}

  YamlNode node(const YamlNode& node) {
    if (node.kind() == YamlNode::Kind::Mapping) return mapping(node);
    if (node.kind() == YamlNode::Kind::Sequence) return sequence(node);
    if (node.kind() != YamlNode::Kind::String || node.text().find('$') == std::string::npos) return node;
    return scalar(node);
  }

 private:
  YamlNode mapping(const YamlNode& from) {
    YamlNode::Data data;
    data.kind = YamlNode::Kind::Mapping;
    data.mark = from.mark();
    data.weight = from.weight();
    data.height = from.height();
    for (const YamlEntry& entry : from.entries()) {
      data.entries.push_back({entry.key, entry.key_mark, node(entry.value)});
    }
    return YamlNode(std::move(data));
  }

  YamlNode sequence(const YamlNode& from) {
    YamlNode::Data data;
    data.kind = YamlNode::Kind::Sequence;
    data.mark = from.mark();
    data.weight = from.weight();
    data.height = from.height();
    for (const YamlNode& item : from.items()) data.items.push_back(node(item));
    return YamlNode(std::move(data));
  }

  YamlNode scalar(const YamlNode& from) {
    YamlNode::Data data;
    data.kind = YamlNode::Kind::String;
    data.mark = from.mark();
    data.quoted = from.quoted();
    data.written = from.text();
    data.weight = from.weight();
    failed_ = false;
    if (auto secret = whole_secret(from)) {
      data.kind = YamlNode::Kind::Secret;
      data.expanded = true;
      data.secret = std::move(*secret);
    } else {
      data.text = expand_text(from.text(), from.mark(), data.expanded);
    }
    data.failed = failed_;
    return YamlNode(std::move(data));
  }

  std::optional<SecretRef> whole_secret(const YamlNode& from) {
    const std::string_view text = from.text();
    const bool file = text.starts_with("${file:");
    if ((!file && !text.starts_with("${credential:")) || text.find('}') != text.size() - 1)
      return std::nullopt;
    const std::size_t begin = text.find(':') + 1;
    const std::string name(text.substr(begin, text.size() - 1 - begin));
    if (file) {
      if (name.empty()) fail(FaultCode::Expansion, from.mark(), "${file:} names no file");
      const auto path = (context_.directory / name).lexically_normal();
      return SecretRef{SecretRef::Store::File, path.string(), from.mark()};
    }
    if (!is_credential_name(name)) {
      fail(FaultCode::Expansion, from.mark(), "${credential:} must name one credential, without a path");
    }
    return SecretRef{SecretRef::Store::Credential, name, from.mark()};
  }

  std::string expand_text(std::string_view rest, Mark mark, bool& expanded) {
    std::string text;
    while (!rest.empty()) {
      const std::size_t dollar = rest.find('$');
      text += rest.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      rest.remove_prefix(dollar);
      if (rest.starts_with("$$")) {
        text += '$';
        rest.remove_prefix(2);
      } else if (rest.starts_with("${")) {
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) {
          fail(FaultCode::Expansion, mark, "\"${\" is never closed", "write $${ for the characters ${");
          break;
        }
        text += reference(rest.substr(2, end - 2), mark);
        expanded = true;
        rest.remove_prefix(end + 1);
      } else {
        text += '$';
        rest.remove_prefix(1);
      }
    }
    return text;
  }

  std::string reference(std::string_view body, Mark mark) {
    if (body.starts_with("env:")) return variable(body.substr(4), mark);
    if (body.starts_with("file:") || body.starts_with("credential:")) {
      fail(FaultCode::Expansion, mark, "a secret reference must be the whole value",
           "write nothing before or after it");
      return {};
    }
    fail(FaultCode::Expansion, mark, fmt::format("\"${{{}}}\" is no reference", body),
         is_variable_name(body)
             ? fmt::format("write ${{env:{}}} for an environment variable, $$ for a dollar", body)
             : std::string("${env:NAME}, ${env:NAME:-default}, ${file:/path} and ${credential:NAME} "
                           "are; write $$ for a dollar"));
    return {};
  }

  std::string variable(std::string_view body, Mark mark) {
    const std::size_t separator = body.find(":-");
    const std::string_view name = body.substr(0, separator);
    if (!is_variable_name(name)) {
      fail(FaultCode::Expansion, mark, fmt::format("\"{}\" is no name of an environment variable", name));
      return {};
    }
    auto value = context_.environment ? context_.environment(name) : std::nullopt;
    if (separator != std::string_view::npos && (!value || value->empty()))
      return std::string(body.substr(separator + 2));
    if (!value) {
      fail(FaultCode::Expansion, mark, fmt::format("environment variable \"{}\" is not set", name),
           fmt::format("set it, or write ${{env:{}:-default}}", name));
      return {};
    }
    if (first_bad_byte(*value)) {
      fail(FaultCode::Expansion, mark,
           fmt::format("the value of environment variable \"{}\" is not UTF-8 text", name));
      return {};
    }
    total_ += value->size();
    if (total_ > kLargestYaml) {
      fail(FaultCode::TooLarge, mark, "the values of environment variables are too large");
      return {};
    }
    return std::move(*value);
  }

  void fail(FaultCode code, Mark mark, std::string message, std::string hint = {}) {
    failed_ = true;
    faults_.error(code, mark, std::move(message), std::move(hint));
  }

  const ExpansionContext& context_;
  Faults& faults_;
  bool failed_ = false;  // the scalar at hand
  std::size_t total_ = 0;
};

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

YamlNode expand_references(const YamlNode& root, const ExpansionContext& context, Faults& faults) {
  return Expander(context, faults).node(root);
}

}  // namespace certspan
