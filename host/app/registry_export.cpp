#include "host/app/registry_export.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "host/app/registry_text.hpp"

namespace certspan {
namespace {

constexpr std::string_view kVersion5 = "Windows Registry Editor Version 5.00";
constexpr std::string_view kVersion4 = "REGEDIT4";
constexpr std::size_t kMostKeys = 2000;
constexpr std::size_t kMostValues = 20'000;

// Types of values (winnt.h).
constexpr std::uint32_t kSz = 1;
constexpr std::uint32_t kExpandSz = 2;
constexpr std::uint32_t kDword = 4;
constexpr std::uint32_t kMultiSz = 7;
constexpr std::uint32_t kQword = 11;

std::string lower(std::string_view text) {
  std::string copy(text);
  std::ranges::transform(copy, copy.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return copy;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

template <class Number>
std::optional<Number> hexadecimal(std::string_view text, std::size_t longest) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  const bool whole = error == std::errc() && end == text.data() + text.size() && text.size() <= longest;
  return whole ? std::optional<Number>(number) : std::nullopt;
}

std::uint64_t little_endian(std::string_view octets) {
  std::uint64_t number = 0;
  for (std::size_t i = octets.size(); i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(octets[i - 1]);
  return number;
}

/// At the NULs, without those at the end.
std::vector<std::string> split_strings(const std::string& text) {
  std::vector<std::string> strings;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    if (end > at) strings.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return strings;
}

}  // namespace

/// Reads the lines of one export.
class RegistryReader {
 public:
  explicit RegistryReader(std::string text) : text_(std::move(text)), rest_(text_) {}

  Result<RegistryExport> read() {
    CERTSPAN_CHECK(read_header());
    while (!rest_.empty()) {
      const std::string_view line = trimmed(next_line());
      if (line.empty() || line.front() == ';') continue;
      if (line.front() == '[') {
        CERTSPAN_CHECK(read_key(line));
      } else {
        CERTSPAN_CHECK(read_value(line));
      }
    }
    return std::move(registry_);
  }

 private:
  tl::unexpected<Error> bad(const std::string& why) const {
    return fail(Outcome::Invalid, "import.bad_registry", fmt::format("line {}: {}", line_, why));
  }

  std::string_view next_line() {
    ++line_;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return line;
  }

  Result<void> read_header() {
    const std::string_view line = trimmed(next_line());
    wide_ = line == kVersion5;
    if (wide_ || line == kVersion4) return {};
    return fail(Outcome::Invalid, "import.not_registry",
                "line 1: this is no export of the registry: it does not begin with \"" +
                    std::string(kVersion5) + "\"");
  }

  Result<void> read_key(std::string_view line) {
    if (line.back() != ']' || line.size() < 3)
      return bad("a key's line has to end with \"]\"; the file may be cut off");
    const std::string_view name = line.substr(1, line.size() - 2);
    if (name.front() == '-') return bad("it takes a key away, which no export does: give the export itself");
    if (registry_.keys_.size() >= kMostKeys) return bad("there are too many keys; export MSCEP alone");
    key_ = &registry_.keys_[lower(name)];
    if (key_->name.empty()) key_->name = name;
    return {};
  }

  Result<void> read_value(std::string_view line) {
    if (key_ == nullptr) return bad("a value stands before any key");
    if (++values_ > kMostValues) return bad("there are too many values; export MSCEP alone");
    RegistryValue value;
    value.line = line_;
    if (line.front() == '@') {
      line.remove_prefix(1);
    } else {
      CERTSPAN_TRY(value.name, read_string(line));
    }
    line = trimmed(line);
    if (!line.starts_with('=')) return bad("a value has to be NAME=DATA");
    CERTSPAN_TRY(value.data, read_data(trimmed(line.substr(1))));
    key_->values.insert_or_assign(lower(value.name), std::move(value));
    return {};
  }

  /// What stands in quotes at the beginning of `line`, which is left with what follows. It may run over
  /// several lines.
  Result<std::string> read_string(std::string_view& line) {
    if (!line.starts_with('"')) return bad("a name or string has to stand in quotes");
    line.remove_prefix(1);
    std::string text;
    while (true) {
      if (line.empty()) {
        if (rest_.empty()) return bad("a string has no end; the file is cut off");
        text += '\n';
        line = next_line();
        continue;
      }
      const char c = line.front();
      line.remove_prefix(1);
      if (c == '"') return text;
      if (c == '\\') {
        if (line.empty() || (line.front() != '"' && line.front() != '\\'))
          return bad("a backslash in a string stands before \\ or \" only");
        text += line.front();
        line.remove_prefix(1);
      } else if (c != '\r') {
        text += c;
      }
    }
  }

  Result<RegistryData> read_data(std::string_view data) {
    if (data.starts_with('"')) {
      CERTSPAN_TRY(std::string text, read_string(data));
      if (!trimmed(data).empty()) return bad("something follows the string");
      return RegistryData(std::move(text));
    }
    if (data.starts_with("dword:")) {
      const auto number = hexadecimal<std::uint32_t>(data.substr(6), 8);
      if (!number) return bad("dword: is followed by up to eight hexadecimal digits");
      return RegistryData(std::uint64_t{*number});
    }
    if (data.starts_with("hex")) return read_octets(data.substr(3));
    return bad("the data is neither a string nor dword: nor hex:");
  }

  /// hex:00,01 and hex(7):00,\ over several lines.
  Result<RegistryData> read_octets(std::string_view data) {
    std::uint32_t type = 3;
    if (data.starts_with('(')) {
      const std::size_t end = data.find(')');
      const auto number = end == std::string_view::npos
                              ? std::nullopt
                              : hexadecimal<std::uint32_t>(data.substr(1, end - 1), 8);
      if (!number) return bad("hex( is followed by the type's number and \")\"");
      type = *number;
      data.remove_prefix(end + 1);
    }
    if (!data.starts_with(':')) return bad("hex is followed by \":\"");
    CERTSPAN_TRY(const std::string octets, gather_octets(data.substr(1)));
    return interpret(type, octets);
  }

  Result<std::string> gather_octets(std::string_view data) {
    std::string octets;
    while (true) {
      data = trimmed(data);
      const bool more = data.ends_with('\\');
      if (more) data = trimmed(data.substr(0, data.size() - 1));
      while (!data.empty()) {
        const std::size_t comma = data.find(',');
        const auto octet = hexadecimal<std::uint8_t>(trimmed(data.substr(0, comma)), 2);
        if (!octet) return bad("octets are two hexadecimal digits each, with commas between them");
        octets += static_cast<char>(*octet);
        if (comma == std::string_view::npos) break;
        data = trimmed(data.substr(comma + 1));
        if (data.empty() && !more) return bad("nothing follows the last comma; the file may be cut off");
      }
      if (!more) return octets;
      if (rest_.empty()) return bad("the line goes on behind \"\\\", but the file ends there");
      data = next_line();
    }
  }

  Result<RegistryData> interpret(std::uint32_t type, const std::string& octets) const {
    if (type == kDword || type == kQword) {
      if (octets.size() != (type == kDword ? 4U : 8U))
        return bad("the number has not as many octets as its type");
      return RegistryData(little_endian(octets));
    }
    if (type != kSz && type != kExpandSz && type != kMultiSz)
      return RegistryData(RegistryBinary{octets.size()});
    const auto text = wide_ ? utf16le_to_utf8(octets) : std::optional<std::string>(octets);
    if (!text) return bad("the octets of a string are no UTF-16");
    auto strings = split_strings(*text);
    if (type == kMultiSz) return RegistryData(std::move(strings));
    return RegistryData(strings.empty() ? std::string() : std::move(strings.front()));
  }

  const std::string text_;
  std::string_view rest_;
  std::size_t line_ = 0;
  std::size_t values_ = 0;
  bool wide_ = true;  ///< strings in octets are UTF-16
  RegistryExport registry_;
  RegistryExport::Key* key_ = nullptr;
};

Result<RegistryExport> RegistryExport::parse(std::string_view file) {
  CERTSPAN_TRY(std::string text, registry_text(file));
  return RegistryReader(std::move(text)).read();
}

bool RegistryExport::has_key(std::string_view key) const {
  return keys_.contains(lower(key));
}

const RegistryValue* RegistryExport::find(std::string_view key, std::string_view name) const {
  const auto found = keys_.find(lower(key));
  if (found == keys_.end()) return nullptr;
  const auto value = found->second.values.find(lower(name));
  return value == found->second.values.end() ? nullptr : &value->second;
}

std::vector<const RegistryValue*> RegistryExport::values(std::string_view key) const {
  std::vector<const RegistryValue*> all;
  const auto found = keys_.find(lower(key));
  if (found == keys_.end()) return all;
  for (const auto& [folded, value] : found->second.values) all.push_back(&value);
  return all;
}

std::vector<std::string> RegistryExport::keys() const {
  std::vector<std::string> names;
  for (const auto& [folded, key] : keys_) names.push_back(key.name);
  return names;
}

}  // namespace certspan
