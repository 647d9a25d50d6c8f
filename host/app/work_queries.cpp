#include "host/app/work_queries.hpp"

#include <algorithm>

#include "host/app/filter_words.hpp"
#include "host/app/work_report.hpp"
#include "host/base/clock.hpp"
#include "host/journal/item_names.hpp"
#include "host/pipeline/revocations.hpp"

namespace certspan {
namespace {

/// Items in one answer: some hundred kilobytes.
constexpr std::size_t kItemsInAnswer = 500;

nlohmann::json items_to_json(const std::vector<WorkItem>& items, bool certificates = false) {
  nlohmann::json list = nlohmann::json::array();
  for (const WorkItem& item : items) {
    nlohmann::json& work = list.emplace_back(work_to_json(item));
    if (certificates) work["certificate"] = to_hex(item.certificate);
  }
  return {{"items", std::move(list)}};
}

/// "revoked": why and since when, of an item whose certificate is.
void add_standing(Journal& journal, WorkId id, nlohmann::json& work) {
  const auto standing = Revocations(journal).standing(id);
  if (!standing || !*standing) return;
  work["revoked"] = (*standing)->reason + " since " + to_wall_text((*standing)->since);
}

void add_standings(Journal& journal, const std::vector<WorkItem>& items, nlohmann::json& answer) {
  for (std::size_t i = 0; i < items.size(); ++i) add_standing(journal, items[i].id, answer["items"][i]);
}

nlohmann::json with_standing(Journal& journal, const std::vector<WorkItem>& items) {
  nlohmann::json answer = items_to_json(items);
  add_standings(journal, items, answer);
  return answer;
}

/// Whoever reads on names the end that the first answer told: what is accepted later lies behind it.
Result<nlohmann::json> work_page(Journal& journal, const nlohmann::json& arguments) {
  CERTSPAN_TRY(const ItemFilter filter,
               read_filter(arguments.value("filter", nlohmann::json::object()), SystemClock().wall_ms()));
  const auto end = arguments.contains("before") ? arguments.at("before").get<std::uint64_t>()
                                                : static_cast<std::uint64_t>(journal.next_id());
  ItemRange range;
  range.after = WorkId{arguments.value("after", std::uint64_t{0})};
  range.before = std::min(WorkId{end}, ItemRange::kEnd);
  range.newest_first = arguments.value("newest_first", false);
  CERTSPAN_TRY(const ItemPage page, journal.page(filter, range, std::min(filter.limit, kItemsInAnswer)));
  nlohmann::json answer = items_to_json(page.items, arguments.value("certificates", false));
  if (arguments.value("standing", false)) add_standings(journal, page.items, answer);
  answer["last"] = static_cast<std::uint64_t>(page.last);
  answer["more"] = page.more;
  answer["end"] = end;
  return answer;
}

Result<nlohmann::json> work_show(Journal& journal, const nlohmann::json& arguments) {
  const std::string text = arguments.value("id", std::string());
  const auto id = work_id_from_string(text);
  if (!id)
    return fail(Outcome::Invalid, "work.bad_id",
                "\"" + text + "\" is no work id; one looks like w-0123456789abc");
  CERTSPAN_TRY(const auto item, journal.find(*id));
  if (!item) return fail(Outcome::Rejected, "work.not_found", "there is no work item " + text);
  nlohmann::json answer = work_to_json(*item);
  add_standing(journal, item->id, answer);
  return answer;
}

Result<nlohmann::json> search(Journal& journal, const nlohmann::json& arguments) {
  const std::string text = arguments.value("text", std::string());
  if (const auto id = work_id_from_string(text)) {
    CERTSPAN_TRY(const auto item, journal.find(*id));
    if (item) return with_standing(journal, {*item});
  }
  CERTSPAN_TRY(const auto items,
               journal.search(text, std::min<std::size_t>(arguments.value("limit", std::size_t{5}), 100)));
  nlohmann::json answer = with_standing(journal, items);
  for (std::size_t i = 0; i < items.size(); ++i)
    answer["items"][i]["whole_name"] = bears_name(items[i], text);
  return answer;
}

}  // namespace

Result<nlohmann::json> answer_work_query(Journal& journal, std::string_view command,
                                         const nlohmann::json& arguments) try {
  if (command == "work_page") return work_page(journal, arguments);
  if (command == "work_show") return work_show(journal, arguments);
  return search(journal, arguments);
} catch (const nlohmann::json::exception& error) {
  return fail(Outcome::Invalid, "control.bad_arguments",
              std::string("the arguments can't be read: ") + error.what());
}

}  // namespace certspan
