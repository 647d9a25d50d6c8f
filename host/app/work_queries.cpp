#include "host/app/work_queries.hpp"

#include <array>

#include "host/app/work_report.hpp"

namespace certspan {
namespace {

constexpr std::size_t kMostListed = 10'000;

std::optional<ItemState> state_from(std::string_view word) {
  for (const ItemState state : {ItemState::Ready, ItemState::Calling, ItemState::Pending, ItemState::Held,
                                ItemState::Done, ItemState::Failed, ItemState::Dead}) {
    if (to_string(state) == word) return state;
  }
  return std::nullopt;
}

nlohmann::json items_to_json(const std::vector<WorkItem>& items) {
  nlohmann::json list = nlohmann::json::array();
  for (const WorkItem& item : items) list.push_back(work_to_json(item));
  return {{"items", std::move(list)}};
}

Result<nlohmann::json> work_list(Journal& journal, const nlohmann::json& arguments) {
  ItemFilter filter;
  if (const std::string state = arguments.value("state", std::string()); !state.empty()) {
    filter.state = state_from(state);
    if (!filter.state) return fail(Outcome::Invalid, "work.bad_state", "there is no state \"" + state + "\"");
  }
  filter.connector = arguments.value("connector", std::string());
  filter.finished = !arguments.value("open", false);
  filter.limit = std::min<std::size_t>(arguments.value("limit", std::size_t{100}), kMostListed);
  CERTSPAN_TRY(const auto items, journal.list(filter));
  return items_to_json(items);
}

Result<nlohmann::json> work_show(Journal& journal, const nlohmann::json& arguments) {
  const std::string text = arguments.value("id", std::string());
  const auto id = work_id_from_string(text);
  if (!id)
    return fail(Outcome::Invalid, "work.bad_id",
                "\"" + text + "\" is no work id; one looks like w-0123456789abc");
  CERTSPAN_TRY(const auto item, journal.find(*id));
  if (!item) return fail(Outcome::Rejected, "work.not_found", "there is no work item " + text);
  return work_to_json(*item);
}

Result<nlohmann::json> search(Journal& journal, const nlohmann::json& arguments) {
  const std::string text = arguments.value("text", std::string());
  if (const auto id = work_id_from_string(text)) {
    CERTSPAN_TRY(const auto item, journal.find(*id));
    if (item) return items_to_json({*item});
  }
  CERTSPAN_TRY(const auto items,
               journal.search(text, std::min<std::size_t>(arguments.value("limit", std::size_t{5}), 100)));
  return items_to_json(items);
}

}  // namespace

Result<nlohmann::json> answer_work_query(Journal& journal, std::string_view command,
                                         const nlohmann::json& arguments) try {
  if (command == "work_list") return work_list(journal, arguments);
  if (command == "work_show") return work_show(journal, arguments);
  return search(journal, arguments);
} catch (const nlohmann::json::exception& error) {
  return fail(Outcome::Invalid, "control.bad_arguments",
              std::string("the arguments can't be read: ") + error.what());
}

}  // namespace certspan
