#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace certspan {

/// A row of a Markdown table. Links are their text; backticks stay.
struct DocumentRow {
  std::string heading;             ///< that the table stands under, without #
  std::vector<std::string> cells;  ///< trimmed; `\|` is a bar
};

/// Every row of every table, heads and all, without the lines of dashes.
std::vector<DocumentRow> rows_of(std::string_view markdown);

/// The words between backticks, in their order.
std::vector<std::string> quoted_words(std::string_view cell);

}  // namespace certspan
