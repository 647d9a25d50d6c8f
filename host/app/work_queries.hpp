#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

/// The questions that people ask of the journal, the same whether the running host answers or the command
/// line reads it itself. `command` is one of
///   work_page  {filter, after, before, newest_first, certificates, standing}
///                                               -> {items: [...], last, more, end}; the rest of the range is
///                                                  asked for behind `last`, with `end` as the first `before`
///   work_show  {id}                             -> the item
///   search     {text, limit}                    -> {items: [...]}
Result<nlohmann::json> answer_work_query(Journal& journal, std::string_view command,
                                         const nlohmann::json& arguments);

}  // namespace certspan
