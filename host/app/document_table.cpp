#include "host/app/document_table.hpp"

#include <algorithm>
#include <utility>

namespace certspan {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// `[text](target)` is its text.
std::string without_links(std::string_view text) {
  std::string plain;
  while (true) {
    const std::size_t middle = text.find("](");
    const std::size_t begin = middle == std::string_view::npos ? middle : text.rfind('[', middle);
    const std::size_t end = middle == std::string_view::npos ? middle : text.find(')', middle);
    if (begin == std::string_view::npos || end == std::string_view::npos) return plain.append(text);
    plain.append(text.substr(0, begin)).append(text.substr(begin + 1, middle - begin - 1));
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += line[++i];
    } else if (line[i] == '|') {
      cells.push_back(without_links(trimmed(cell)));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

bool is_rule(std::string_view line) {
  return line.find_first_not_of("|-: ") == std::string_view::npos;
}

}  // namespace

std::vector<DocumentRow> rows_of(std::string_view markdown) {
  std::vector<DocumentRow> rows;
  std::string heading;
  while (!markdown.empty()) {
    const std::size_t end = std::min(markdown.find('\n'), markdown.size());
    const std::string_view line = trimmed(markdown.substr(0, end));
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    if (line.starts_with('#')) {
      heading = trimmed(line.substr(std::min(line.find_first_not_of('#'), line.size())));
    } else if (line.starts_with('|') && !is_rule(line)) {
      rows.push_back({heading, cells_of(line)});
    }
  }
  return rows;
}

std::vector<std::string> quoted_words(std::string_view cell) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = cell.find('`');
    const std::size_t end = begin == std::string_view::npos ? begin : cell.find('`', begin + 1);
    if (end == std::string_view::npos) return words;
    words.emplace_back(cell.substr(begin + 1, end - begin - 1));
    cell.remove_prefix(end + 1);
  }
}

}  // namespace certspan
