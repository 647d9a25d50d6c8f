#include "host/config/fault.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace certspan {
namespace {

/// More are not kept: a file with so many is not read by people any more.
constexpr std::size_t kMostKept = 1000;
constexpr std::size_t kLongestExcerpt = 160;

std::size_t indentation(std::string_view line) {
  const std::size_t at = line.find_first_not_of(' ');
  return at == std::string_view::npos ? line.size() : at;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// The byte at which character `column` (from 1) begins.
std::size_t byte_offset(std::string_view line, std::uint32_t column) {
  std::size_t at = 0;
  for (std::uint32_t passed = 1; passed < column && at < line.size(); ++passed) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

std::string head(const Fault& fault) {
  const std::string_view word = fault.severity == Severity::Error ? "error" : "warning";
  if (fault.mark.line == 0) {
    return fmt::format("{}: {}: {} [{}]", fault.file, word, fault.message, to_string(fault.code));
  }
  return fmt::format("{}:{}:{}: {}: {} [{}]", fault.file, fault.mark.line, fault.mark.column, word,
                     fault.message, to_string(fault.code));
}

}  // namespace

std::string to_string(FaultCode code) {
  return fmt::format("CS{}", static_cast<int>(code));
}

void Faults::set_source(std::string_view text) {
  lines_.clear();
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  hidden_.assign(lines_.size(), false);
}

void Faults::error(FaultCode code, Mark mark, std::string message, std::string suggestion) {
  add(Severity::Error, code, mark, std::move(message), std::move(suggestion));
}

void Faults::warning(FaultCode code, Mark mark, std::string message, std::string suggestion) {
  add(Severity::Warning, code, mark, std::move(message), std::move(suggestion));
}

void Faults::add(Severity severity, FaultCode code, Mark mark, std::string message, std::string suggestion) {
  Fault fault{code, severity, file_, mark, std::move(message), std::move(suggestion)};
  const bool known = std::any_of(faults_.begin(), faults_.end(), [&](const Fault& other) {
    return other.mark == fault.mark && other.code == fault.code && other.message == fault.message;
  });
  if (known || faults_.size() >= kMostKept) return;
  if (severity == Severity::Error) ++errors_;
  faults_.push_back(std::move(fault));
}

void Faults::hide_excerpt(Mark mark) {
  if (mark.line == 0 || mark.line > lines_.size()) return;
  const std::size_t first = mark.line - 1;
  const std::size_t level = indentation(lines_[first]);
  hidden_[first] = true;
  // A value that goes on in further lines is indented deeper than the line it begins in.
  for (std::size_t i = first + 1; i < lines_.size(); ++i) {
    if (!blank(lines_[i]) && indentation(lines_[i]) <= level) break;
    hidden_[i] = true;
  }
}

bool Faults::has(FaultCode code) const {
  return std::ranges::any_of(faults_, [&](const Fault& fault) { return fault.code == code; });
}

std::size_t Faults::left_out() const {
  return faults_.size() - std::min(faults_.size(), kMostShown);
}

std::vector<Fault> Faults::sorted() const {
  std::vector<Fault> all = faults_;
  std::stable_sort(all.begin(), all.end(), [](const Fault& a, const Fault& b) {
    return a.mark != b.mark ? a.mark < b.mark : a.severity > b.severity;
  });
  if (all.size() > kMostShown) all.resize(kMostShown);
  return all;
}

std::string Faults::excerpt(Mark mark) const {
  if (mark.line == 0 || mark.line > lines_.size() || hidden_[mark.line - 1]) return {};
  const std::string& line = lines_[mark.line - 1];
  if (line.size() > kLongestExcerpt) return {};
  std::string caret;
  for (const char c : std::string_view(line).substr(0, byte_offset(line, mark.column))) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) caret += c == '\t' ? '\t' : ' ';
  }
  return fmt::format("    {}\n    {}^\n", line, caret);
}

std::string Faults::to_text() const {
  std::string text;
  for (const Fault& fault : sorted()) {
    text += head(fault) + "\n";
    text += excerpt(fault.mark);
    if (!fault.suggestion.empty()) text += fmt::format("    {}\n", fault.suggestion);
  }
  if (left_out() > 0) text += fmt::format("... and {} more\n", left_out());
  return text;
}

std::string Faults::to_line() const {
  std::string line;
  for (const Fault& fault : sorted()) {
    if (has_errors() && fault.severity != Severity::Error) continue;
    line += (line.empty() ? "" : "; ") + head(fault);
  }
  if (left_out() > 0) line += fmt::format("; and {} more", left_out());
  return line;
}

std::string Faults::to_json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Fault& fault : sorted()) {
    list.push_back({{"code", to_string(fault.code)},
                    {"severity", fault.severity == Severity::Error ? "error" : "warning"},
                    {"file", fault.file},
                    {"line", fault.mark.line},
                    {"column", fault.mark.column},
                    {"message", fault.message},
                    {"suggestion", fault.suggestion}});
  }
  nlohmann::ordered_json document = {
      {"faults", list}, {"errors", errors_}, {"warnings", warning_count()}, {"left_out", left_out()}};
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace certspan
