// `certspan work retry` and `work cancel`: one work item by its id, or many that a filter chooses.

#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/host_link.hpp"
#include "host/app/work_source.hpp"

namespace certspan {
namespace {

struct Change {
  const char* command;  ///< of the control socket
  const char* would;    ///< what happens to the items, in words
  std::string (*in_words)(const std::string& id, const std::string& now);
};

std::string retried(const std::string& id, const std::string& now) {
  return id + (now == id ? " goes on now" : " is asked for anew as " + now);
}

std::string cancelled(const std::string& id, const std::string& /*now*/) {
  return id + " is being cancelled; see `certspan work show " + id + "`";
}

constexpr Change kRetry{"work_retry", "tried again", retried};
constexpr Change kCancel{"work_cancel", "cancelled", cancelled};

Result<std::string> change_item(const Config& config, const Change& change, const std::string& id) {
  CERTSPAN_TRY(const auto answer, ask_host(config, change.command, {{"id", id}}));
  return answer.value("id", id);
}

ExitCode change_one(const Config& config, const Change& change, const std::string& id, bool json) {
  const auto now = change_item(config, change, id);
  if (!now) return complain(now.error());
  if (json) {
    print_json({{"id", *now}});
  } else {
    std::cout << change.in_words(id, *now) << "\n";
  }
  return ExitCode::Ok;
}

/// The ids come first: an item that is tried again must not be met a second time on a later page.
Result<std::vector<std::string>> choose(const Config& config, const ItemFilter& filter) {
  CERTSPAN_TRY(WorkSource source, WorkSource::open(config));
  std::vector<std::string> ids;
  const auto keep = [&](const nlohmann::json& work) -> Result<void> {
    ids.push_back(work.value("id", std::string()));
    return {};
  };
  CERTSPAN_TRY(const std::size_t count, source.read(filter, {}, keep));
  if (count == 0) CERTSPAN_CHECK(source.explain_nothing(filter));
  return ids;
}

/// {"items": [{"id", "as"}], "refused": [{"id", "code", "message"}]}; without a host there is nothing to go
/// on with.
Result<nlohmann::json> change_all(const Config& config, const Change& change,
                                  const std::vector<std::string>& ids, bool json) {
  nlohmann::json done = {{"items", nlohmann::json::array()}, {"refused", nlohmann::json::array()}};
  for (const std::string& id : ids) {
    const auto now = change_item(config, change, id);
    if (!now && now.error().code == "control.no_host") return tl::unexpected(now.error());
    if (now) {
      done["items"].push_back({{"id", id}, {"as", *now}});
      if (!json) std::cout << change.in_words(id, *now) << "\n";
    } else {
      done["refused"].push_back({{"id", id}, {"code", now.error().code}, {"message", now.error().message}});
      if (!json) std::cout << id << " stays as it is: " << now.error().message << "\n";
    }
  }
  return done;
}

/// A filter that chooses more than was meant is seen here, before it does anything.
ExitCode only_counted(const Change& change, std::size_t count, const ChosenWork& chosen, bool json) {
  if (json) {
    print_json({{"would_change", count}});
  } else {
    std::cout << count << " work items would be " << change.would << "\n";
  }
  if (chosen.dry_run) return ExitCode::Ok;
  std::cerr << "certspan: nothing was done: say --yes with it\n";
  return ExitCode::Failure;
}

ExitCode change_many(const Config& config, const Change& change, const ChosenWork& chosen,
                     const ItemFilter& filter, bool json) {
  const auto ids = choose(config, filter);
  if (!ids) return complain(ids.error());
  if (chosen.dry_run || !chosen.yes) return only_counted(change, ids->size(), chosen, json);
  const auto done = change_all(config, change, *ids, json);
  if (!done) return complain(done.error());
  const std::size_t refused = done->at("refused").size();
  if (json) {
    print_json(*done);
  } else {
    std::cout << ids->size() - refused << " of " << ids->size() << " work items: " << change.would << "\n";
  }
  return refused == 0 ? ExitCode::Ok : ExitCode::Failure;
}

ExitCode change_work(const CommonOptions& options, const Change& change, const ChosenWork& chosen) {
  const bool by_filter = chosen.filter.chooses();
  if (chosen.id.empty() != by_filter) {
    return complain(Error(Outcome::Invalid, "work.bad_filter",
                          by_filter ? "a work id and a filter together: say one of them"
                                    : "say which work items: an id, or filters such as --state dead"),
                    ExitCode::Usage);
  }
  const auto filter = chosen.filter.read();
  if (!filter) return complain(filter.error(), ExitCode::Usage);
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  return by_filter ? change_many(*config, change, chosen, *filter, options.json)
                   : change_one(*config, change, chosen.id, options.json);
}

}  // namespace

ExitCode command_work_retry(const CommonOptions& options, const ChosenWork& chosen) {
  return change_work(options, kRetry, chosen);
}

ExitCode command_work_cancel(const CommonOptions& options, const ChosenWork& chosen) {
  return change_work(options, kCancel, chosen);
}

}  // namespace certspan
